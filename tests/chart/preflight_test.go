package chart_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// withPreflight are values that turn the preflight on, with more of its own and of
// coder's, each empty or ending with a comma.
func withPreflight(more, coder string) string {
	return `coder: {` + coder + ` envFrom: [{secretRef: {name: db}}], replicaCount: 3, preflight: {` + more + ` enabled: true, image: "registry.example.com/coder-ha-image:1"}}`
}

// preflightJob is the Job of the preflight.
func preflightJob(t *testing.T, values string, options ...option) *batchv1.Job {
	t.Helper()
	return find[*batchv1.Job](t, objects(t, values, append(options, withHooks())...), "coder-preflight")
}

// ofPreflight are the objects that the preflight is made of.
func ofPreflight(t *testing.T, all []runtime.Object) []runtime.Object {
	t.Helper()
	var own []runtime.Object
	for _, object := range all {
		if nameOf(t, object) == "coder-preflight" {
			own = append(own, object)
		}
	}
	return own
}

func TestThePreflightIsAHookBeforeInstallAndUpgrade(t *testing.T) {
	assert.Empty(t, ofPreflight(t, objects(t, `{}`, withHooks())), "it is off by default")
	assert.Empty(t, ofPreflight(t, objects(t, withPreflight("", ""))), "it is no part of the release itself")
	assert.Empty(t, ofPreflight(t, objects(t, withPreflight("", ""), withHooks(), set("coder.replicaCount=0"))), "no replica will run")
	own := ofPreflight(t, objects(t, withPreflight("", "networkPolicy: {enable: true},"), withHooks()))
	require.Len(t, own, 6)
	weights := map[string]string{"RoleBinding": "-10", "Job": "0"}
	for _, object := range own {
		kind := object.GetObjectKind().GroupVersionKind().Kind
		accessor, err := meta.Accessor(object)
		require.NoError(t, err)
		annotations := accessor.GetAnnotations()
		assert.Equal(t, "pre-install,pre-upgrade", annotations["helm.sh/hook"], kind)
		weight, known := weights[kind]
		if !known {
			weight = "-20"
		}
		assert.Equal(t, weight, annotations["helm.sh/hook-weight"], kind)
		if kind == "Job" {
			assert.Equal(t, "before-hook-creation", annotations["helm.sh/hook-delete-policy"], "its log can be read")
			assert.Equal(t, "hook-failed", annotations["helm.sh/hook-output-log-policy"])
			continue
		}
		assert.Equal(t, "before-hook-creation,hook-succeeded", annotations["helm.sh/hook-delete-policy"], kind)
	}
}

func TestThePreflightJobEndsInTime(t *testing.T) {
	job := preflightJob(t, withPreflight("", ""))
	assert.EqualValues(t, 0, *job.Spec.BackoffLimit)
	assert.EqualValues(t, 240, *job.Spec.ActiveDeadlineSeconds, "Helm waits for 300")
	assert.EqualValues(t, 86400, *job.Spec.TTLSecondsAfterFinished)
	pod := job.Spec.Template.Spec
	assert.Equal(t, corev1.RestartPolicyNever, pod.RestartPolicy)
	assert.Equal(t, []string{
		"validate", "--manifest=/release/manifest.yaml", "--namespace=there", "--in-cluster",
		"--agent-image=registry.example.com/coder-ha-image:1", "--timeout=90s", "--strict", "--interval", "1",
	}, preflightJob(t, withPreflight(`timeoutSeconds: 90, args: [--strict, --interval, 1],`, ""), namespace("there")).Spec.Template.Spec.Containers[0].Args)
}

func TestThePreflightHasResourcesOfItsOwn(t *testing.T) {
	usual := preflightJob(t, withPreflight("", "")).Spec.Template.Spec.Containers[0].Resources
	assert.Equal(t, "128Mi", usual.Requests.Memory().String())
	assert.Equal(t, "640Mi", usual.Limits.Memory().String(), "the plugin ends by itself at 512 MiB, and says so")
	own := preflightJob(t, withPreflight(`resources: {limits: {memory: 1Gi}},`, "")).Spec.Template.Spec.Containers[0].Resources
	assert.Empty(t, own.Requests)
	assert.Equal(t, "1Gi", own.Limits.Memory().String())
}

func TestThePreflightPodIsWhereTheReplicasMayBeUnlessItSaysOtherwise(t *testing.T) {
	const coder = `nodeSelector: {pool: coder}, tolerations: [{key: coder, operator: Exists}], image: {pullSecrets: [{name: registry}]},`
	pod := preflightJob(t, withPreflight("", coder)).Spec.Template.Spec
	assert.Equal(t, map[string]string{"pool": "coder"}, pod.NodeSelector)
	assert.Equal(t, "coder", pod.Tolerations[0].Key)
	assert.Equal(t, []corev1.LocalObjectReference{{Name: "registry"}}, pod.ImagePullSecrets)
	pod = preflightJob(t, withPreflight(`nodeSelector: {pool: tools}, tolerations: [],`, coder)).Spec.Template.Spec
	assert.Equal(t, map[string]string{"pool": "tools"}, pod.NodeSelector)
	assert.Empty(t, pod.Tolerations)
}

func TestNoServiceOrWorkloadTakesThePreflightPodForAReplica(t *testing.T) {
	all := objects(t, withPreflight(`podLabels: {team: platform, app.kubernetes.io/name: coder}, podAnnotations: {note: mine},`, ""), withHooks())
	template := find[*batchv1.Job](t, all, "coder-preflight").Spec.Template
	assert.Equal(t, "platform", template.Labels["team"])
	assert.Equal(t, "mine", template.Annotations["note"])
	assert.Equal(t, "false", template.Labels["sidecar.istio.io/inject"], "a sidecar would keep the Job from ending")
	for _, object := range all {
		switch o := object.(type) {
		case *corev1.Service:
			assert.False(t, labels.SelectorFromSet(o.Spec.Selector).Matches(labels.Set(template.Labels)), o.Name)
		case *appsv1.StatefulSet:
			selector, err := metav1.LabelSelectorAsSelector(o.Spec.Selector)
			require.NoError(t, err)
			assert.False(t, selector.Matches(labels.Set(template.Labels)))
		}
	}
}

// TestThePreflightLooksAtTheReleaseItself compares the objects in the Secret with those
// of the release, patched and extra ones too.
func TestThePreflightLooksAtTheReleaseItself(t *testing.T) {
	values := withPreflight("", `networkPolicy: {enable: true}, ingress: {enable: true, host: coder.example.com},`) + `
patches: [{target: {kind: StatefulSet}, merge: {spec: {revisionHistoryLimit: 3}}}]
extraTemplates: [{apiVersion: v1, kind: ConfigMap, metadata: {name: extra, namespace: coder}, data: {a: b}}]`
	secret := find[*corev1.Secret](t, objects(t, values, withHooks()), "coder-preflight")
	seen := byKey(t, decode(t, secret.StringData["manifest.yaml"]))
	released := byKey(t, objects(t, values))
	for key, text := range released {
		if key == "Role coder/coder-workspace-perms" || key == "RoleBinding coder/coder" {
			continue
		}
		assert.Equal(t, text, seen[key], key)
		delete(seen, key)
	}
	assert.Empty(t, seen, "nothing else is in it")
	assert.Contains(t, released["StatefulSet coder/coder"], "revisionHistoryLimit: 3")
}

// TestThePreflightHasTheDocumentedRights holds the Role to that of docs/rbac.yaml for
// --in-cluster, of which it needs all but the way without an image of agents.
func TestThePreflightHasTheDocumentedRights(t *testing.T) {
	path, err := checkout.Path("docs/rbac.yaml")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	documented := rights(find[*rbacv1.Role](t, decode(t, string(text)), "coder-ha-in-cluster").Rules)
	delete(documented, "create pods/exec.")
	delete(documented, "get pods/exec.")
	all := objects(t, withPreflight("", ""), withHooks())
	assert.Equal(t, documented, rights(find[*rbacv1.Role](t, all, "coder-preflight").Rules))
	binding := find[*rbacv1.RoleBinding](t, all, "coder-preflight")
	assert.Equal(t, "coder-preflight", binding.RoleRef.Name)
	assert.Equal(t, []rbacv1.Subject{{Kind: "ServiceAccount", Name: "coder-preflight", Namespace: "coder"}}, binding.Subjects)

	all = objects(t, withPreflight(`serviceAccountName: given,`, ""), withHooks())
	assert.Len(t, ofPreflight(t, all), 2, "the Secret and the Job")
	assert.Equal(t, "given", find[*batchv1.Job](t, all, "coder-preflight").Spec.Template.Spec.ServiceAccountName)
}

// rights are verbs with a resource and its group.
func rights(rules []rbacv1.PolicyRule) map[string]bool {
	found := map[string]bool{}
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					found[verb+" "+resource+"."+group] = true
				}
			}
		}
	}
	return found
}

func TestThePreflightReachesTheAPIServerUnderTheNetworkPolicies(t *testing.T) {
	const policy = `networkPolicy: {enable: true, webTo: [{ipBlock: {cidr: 10.0.0.0/8}}]},`
	all := objects(t, withPreflight("", policy), withHooks())
	own := find[*networkingv1.NetworkPolicy](t, all, "coder-preflight").Spec
	assert.Equal(t, find[*batchv1.Job](t, all, "coder-preflight").Labels["app.kubernetes.io/name"], own.PodSelector.MatchLabels["app.kubernetes.io/name"])
	assert.Empty(t, own.Ingress)
	replicas := find[*networkingv1.NetworkPolicy](t, all, "coder").Spec.Egress
	for _, rule := range own.Egress {
		assert.Contains(t, replicas, rule)
	}
	assert.Len(t, own.Egress, 2)
}

func TestThePreflightPassesPodSecurityRestricted(t *testing.T) {
	template := preflightJob(t, withPreflight("", "")).Spec.Template
	assert.Empty(t, violations(t, template.ObjectMeta, template.Spec))
	assert.True(t, *template.Spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem)
}
