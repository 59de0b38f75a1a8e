package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// hungry is a sidecar that asks for more than a node has.
const hungry = `
coder:
  extraContainers:
    - name: hungry
      image: ` + images.Load + `
      resources: {requests: {cpu: "900"}}
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
`

// apart keeps replicas on nodes of their own.
const apart = `
coder:
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        - labelSelector: {matchLabels: {app.kubernetes.io/name: coder}}
          topologyKey: kubernetes.io/hostname
`

// TestWhatKeepsPodsFromRunningIsReported has pods that no node takes, that the API
// server refuses, and that the kubelet cannot start.
func TestWhatKeepsPodsFromRunningIsReported(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, shared, nameOf(t))
	w.refuse("pods", "coder-ha-e2e-team", `!has(object.metadata.labels) || !("team" in object.metadata.labels) || object.metadata.labels["team"] != "none"`, "each pod names its team")
	w.refuse("jobs", "coder-ha-e2e-jobs", `!("jobs" in object.spec.template.metadata.labels)`, "no Jobs here")
	w.try(
		trial{fault: "No node has room for a pod", values: hungry},
		trial{fault: "No node has the labels of the node selector", args: []string{"--set", "coder.nodeSelector.nowhere=here"}},
		trial{fault: "Required anti-affinity, and one replica more than nodes", values: apart, args: []string{"--set", "coder.replicaCount=4"}},
		trial{fault: "The image cannot be pulled", args: []string{"--set", "coder.image.repo=registry.invalid/coder", "--set", "coder.image.pullPolicy=IfNotPresent"}},
		trial{fault: "The image has no shell", args: []string{"--set", "coder.image.repo=docker.io/coder-ha/pause", "--set", "coder.image.tag=1"}},
		trial{fault: "The image runs as root, and the pod must not", args: []string{
			"--set", "coder.image.repo=docker.io/coder-ha/pause", "--set", "coder.image.tag=1", "--set", "coder.securityContext.runAsUser=null",
		}},
		trial{fault: "Pod Security restricted, and coderd runs as root", args: asRoot},
		trial{fault: "A ValidatingAdmissionPolicy refuses the pods", args: []string{"--set", "coder.podLabels.team=none"}},
		trial{fault: "A ValidatingAdmissionPolicy refuses the Job", args: []string{"--set", "coder.podLabels.jobs=none"}},
	)
}

// TestALimitRangeIsReported has one that the requests of the pods are below.
func TestALimitRangeIsReported(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, shared, nameOf(t))
	limits := &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Name: "half-a-cpu"},
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, Min: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m")},
		}}},
	}
	_, err := w.client.CoreV1().LimitRanges(w.ns).Create(t.Context(), limits, metav1.CreateOptions{})
	require.NoError(t, err)
	w.try(trial{fault: "A LimitRange asks for half a CPU at least"})
}

// TestAFullNodeIsReported takes up the CPUs of all nodes.
func TestAFullNodeIsReported(t *testing.T) {
	if !breaks(t, shared) {
		return
	}
	w := emptyWorld(t, shared, nameOf(t))
	w.fill()
	w.try(trial{fault: "The nodes are full"})
}

// fill starts pods that ask for the CPUs which the nodes have left, and leave less than
// a pod needs.
func (w *world) fill() {
	w.t.Helper()
	ctx := w.t.Context()
	nodes, err := w.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	require.NoError(w.t, err)
	pods, err := w.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	require.NoError(w.t, err)
	for _, node := range nodes.Items {
		left := node.Status.Allocatable.Cpu().MilliValue()
		for _, pod := range pods.Items {
			for _, c := range pod.Spec.Containers {
				if pod.Spec.NodeName == node.Name {
					left -= c.Resources.Requests.Cpu().MilliValue()
				}
			}
		}
		filler := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "filler-" + node.Name, Labels: map[string]string{"app": "filler"}},
			Spec: corev1.PodSpec{
				NodeSelector:                  map[string]string{corev1.LabelHostname: node.Labels[corev1.LabelHostname]},
				TerminationGracePeriodSeconds: new(int64(1)),
				Containers: []corev1.Container{{
					Name: "load", Image: images.Load, ImagePullPolicy: corev1.PullNever,
					Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: *resource.NewMilliQuantity(left, resource.DecimalSI)}},
				}},
			},
		}
		_, err := w.client.CoreV1().Pods(w.side).Create(ctx, filler, metav1.CreateOptions{})
		require.NoError(w.t, err)
	}
	w.waitReady(w.side, "app=filler", len(nodes.Items))
}

var dryRun = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}

// labeled is a pod with a label, which Pod Security "restricted" lets in.
func labeled(key, value string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "labeled-", Labels: map[string]string{key: value}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "load", Image: images.Load, SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), RunAsNonRoot: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
		}}},
	}
}

// refuse has the API server refuse objects of the release's namespace for which an
// expression does not hold.
func (w *world) refuse(kind, name, expression, message string) {
	w.t.Helper()
	group, version := "", "v1"
	if kind == "jobs" {
		group = "batch"
	}
	w.kubectl(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: `+name+`}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: `+w.ns+`}}
    resourceRules:
      - {apiGroups: ["`+group+`"], apiVersions: [`+version+`], operations: [CREATE], resources: [`+kind+`]}
  validations:
    - expression: '`+expression+`'
      message: `+message+`
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: `+name+`}
spec: {policyName: `+name+`, validationActions: [Deny]}
`, "apply", "-f", "-")
	w.eventually("the policy in force", func(ctx context.Context) (bool, error) {
		job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{GenerateName: "refused-"}, Spec: batchv1.JobSpec{Template: labeled("jobs", "none")}}
		job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		pod := labeled("team", "none")
		_, err := w.client.CoreV1().Pods(w.ns).Create(ctx, &corev1.Pod{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec}, dryRun)
		if kind == "jobs" {
			_, err = w.client.BatchV1().Jobs(w.ns).Create(ctx, job, dryRun)
		}
		return err != nil && strings.Contains(err.Error(), message), nil
	})
	w.t.Cleanup(func() {
		ctx := context.WithoutCancel(w.t.Context())
		admission := w.client.AdmissionregistrationV1()
		require.NoError(w.t, errors.Join(
			admission.ValidatingAdmissionPolicyBindings().Delete(ctx, name, metav1.DeleteOptions{}),
			admission.ValidatingAdmissionPolicies().Delete(ctx, name, metav1.DeleteOptions{})))
	})
}
