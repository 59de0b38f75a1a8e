package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
)

// TestThePodsAreLikeThoseOfTheReplicas has the API server read the rendered workload,
// with values that set all that decides where its pods run, as whom, and what they
// meet. The pods in their places are the same but for what docs/in-cluster.md says.
func TestThePodsAreLikeThoseOfTheReplicas(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, shared, nameOf(t))
	w.allow("privileged")
	everything := filepath.Join("testdata", "everything.yaml")
	_, err := w.client.CoreV1().ServiceAccounts(w.ns).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "coder-replicas"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	w.kubectl(`
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: replicas-first}
value: 1000
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: gvisor}
handler: runsc
`, "apply", "-f", "-")
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, errors.Join(
			w.client.SchedulingV1().PriorityClasses().Delete(ctx, "replicas-first", metav1.DeleteOptions{}),
			w.client.NodeV1().RuntimeClasses().Delete(ctx, "gvisor", metav1.DeleteOptions{})))
	})

	options := w.options("coder.replicaCount=3")
	options.ValuesFiles = append(options.ValuesFiles, everything)
	rendered := w.statefulSet(helm.RenderTemplate(t, options, chart(), release, nil))
	set, err := w.client.AppsV1().StatefulSets(w.ns).Create(t.Context(), rendered, dryRun)
	require.NoError(t, err)
	replica := set.Spec.Template

	r := w.startRehearsal(w.cluster.Kubeconfig, "--values", everything)
	var job batchv1.Job
	var pod corev1.Pod
	w.eventually("the pods", func(ctx context.Context) (bool, error) {
		jobs, err := w.client.BatchV1().Jobs(w.ns).List(ctx, metav1.ListOptions{LabelSelector: runLabel})
		pods := w.podsWith(runLabel)
		if err != nil || len(jobs.Items) == 0 || len(pods) == 0 {
			return false, err
		}
		job, pod = jobs.Items[0], pods[0]
		return true, nil
	})
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGINT))
	output, _ := r.end()
	got := job.Spec.Template

	expectPlace(&replica, got)
	assert.Equal(t, replica.Labels, got.Labels)
	assert.Equal(t, replica.Annotations, got.Annotations)
	assert.Equal(t, replica.Spec, got.Spec, output)
	assert.Zero(t, *pod.Spec.Priority, "no pod is pushed away for it")
	assert.Equal(t, "gvisor", *pod.Spec.RuntimeClassName)
	assert.Equal(t, "coder-replicas", pod.Spec.ServiceAccountName)
	w.whenGone()
}

// expectPlace makes of a replica's pod what docs/in-cluster.md says of the one in its
// place. Names that a run makes up are taken from there.
func expectPlace(pod *corev1.PodTemplateSpec, made corev1.PodTemplateSpec) {
	// The Job's own labels.
	for _, key := range []string{runLabel, batchv1.ControllerUidLabel, batchv1.JobNameLabel, "controller-uid", "job-name"} {
		pod.Labels[key] = made.Labels[key]
	}
	s := &pod.Spec
	s.RestartPolicy, s.TerminationGracePeriodSeconds = corev1.RestartPolicyOnFailure, new(int64(1))
	s.ReadinessGates = append(s.ReadinessGates, corev1.PodReadinessGate{ConditionType: "coder-ha.io/never-ready"})
	s.PriorityClassName = ""
	s.InitContainers = slices.DeleteFunc(s.InitContainers, func(c corev1.Container) bool { return c.Name == "migrate" })
	s.Volumes = slices.DeleteFunc(s.Volumes, func(v corev1.Volume) bool { return v.Name == "data" })
	for _, all := range [][]corev1.Container{s.Containers, s.InitContainers} {
		for i := range all {
			all[i].VolumeMounts = slices.DeleteFunc(all[i].VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == "data" })
		}
	}
	yes := new(true)
	for i := range s.Volumes {
		v := &s.Volumes[i]
		if v.Secret != nil {
			v.Secret.Optional = yes
		}
		if v.ConfigMap != nil {
			v.ConfigMap.Optional = yes
		}
		if v.Projected != nil {
			for n := range v.Projected.Sources {
				if from := v.Projected.Sources[n].Secret; from != nil {
					from.Optional = yes
				}
				if from := v.Projected.Sources[n].ConfigMap; from != nil {
					from.Optional = yes
				}
			}
		}
	}
	s.Volumes = append(s.Volumes, made.Spec.Volumes[len(made.Spec.Volumes)-1])
	at := slices.IndexFunc(s.Containers, func(c corev1.Container) bool { return c.Name == "coder" })
	c := &s.Containers[at]
	c.Command, c.Args, c.Resources = made.Spec.Containers[at].Command, nil, made.Spec.Containers[at].Resources
	c.LivenessProbe, c.ReadinessProbe, c.StartupProbe, c.Lifecycle = nil, nil, nil, nil
	for i := range c.Env {
		if from := c.Env[i].ValueFrom; from != nil && from.SecretKeyRef != nil {
			from.SecretKeyRef.Optional = yes
		} else if from != nil && from.ConfigMapKeyRef != nil {
			from.ConfigMapKeyRef.Optional = yes
		}
	}
	for i := range c.EnvFrom {
		if c.EnvFrom[i].SecretRef != nil {
			c.EnvFrom[i].SecretRef.Optional = yes
		} else {
			c.EnvFrom[i].ConfigMapRef.Optional = yes
		}
	}
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: "coder-ha-agent", MountPath: "/coder-ha-agent"})
}

// statefulSet is the one of rendered manifests.
func (w *world) statefulSet(manifests string) *appsv1.StatefulSet {
	w.t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(manifests)), 4096)
	for {
		var set appsv1.StatefulSet
		err := decoder.Decode(&set)
		require.NotErrorIs(w.t, err, io.EOF, "no StatefulSet")
		if err == nil && set.Kind == "StatefulSet" {
			return &set
		}
	}
}

// injected is a sidecar that the API server puts before the containers of pods with a
// label, as a service mesh does.
const injected = `
apiVersion: admissionregistration.k8s.io/v1beta1
kind: MutatingAdmissionPolicy
metadata: {name: NAME}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
  matchConditions:
    - {name: asked, expression: '"mesh" in object.metadata.labels && object.spec.containers.all(c, c.name != "proxy")'}
  failurePolicy: Fail
  reinvocationPolicy: Never
  mutations:
    - patchType: JSONPatch
      jsonPatch:
        expression: >-
          [JSONPatch{op: "add", path: "/spec/containers/0", value: Object.spec.containers{
            name: "proxy", image: "` + cluster.PauseImage + `", imagePullPolicy: "Never",
            securityContext: Object.spec.containers.securityContext{
              allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: 65532,
              capabilities: Object.spec.containers.securityContext.capabilities{drop: ["ALL"]},
              seccompProfile: Object.spec.containers.securityContext.seccompProfile{type: "RuntimeDefault"}
            }
          }}]
---
apiVersion: admissionregistration.k8s.io/v1beta1
kind: MutatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME}
`

// TestAnInjectedSidecarDoesNotKeepThePods has one that does not end by itself beside
// each agent, on the one node that the replicas may have, and with a root that nobody
// may write to.
func TestAnInjectedSidecarDoesNotKeepThePods(t *testing.T) {
	if !breaks(t, shared) {
		return
	}
	t.Parallel()
	w := newWorld(t, shared)
	w.kubectl(strings.ReplaceAll(injected, "NAME", w.ns), "apply", "-f", "-")
	t.Cleanup(func() {
		for _, kind := range []string{"mutatingadmissionpolicybinding", "mutatingadmissionpolicy"} {
			w.kubectlWith(context.WithoutCancel(t.Context()), "", "delete", kind, w.ns)
		}
	})
	w.eventually("the policy in force", func(ctx context.Context) (bool, error) {
		pod := labeled("mesh", "on")
		made, err := w.client.CoreV1().Pods(w.ns).Create(ctx, &corev1.Pod{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec}, dryRun)
		return err == nil && len(made.Spec.Containers) == 2, err
	})
	r := w.startRehearsal(w.cluster.Kubeconfig, "--set", "coder.podLabels.mesh=on", "--set", "coder.readOnlyRoot.enable=true", "--set", `coder.nodeSelector.kubernetes\.io/hostname=`+w.nodes[1])
	names := map[string]bool{}
	w.eventually("pods with the sidecar", func(context.Context) (bool, error) {
		for _, pod := range w.podsWith(runLabel) {
			if pod.Spec.Containers[0].Name == "proxy" {
				names[pod.Name] = true
			}
		}
		return len(names) == 3, nil
	})
	output, _ := r.end()
	assert.NotContains(t, output, "has not ended")
	w.nothingLeft()
	report := w.rehearsed(output)
	w.judgedAll(report)
	for _, p := range report.Positions {
		assert.Equal(t, w.nodes[1], p.Node, p.Name)
	}
}
