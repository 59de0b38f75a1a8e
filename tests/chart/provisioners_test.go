package chart_test

import (
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

const twoPools = `
provisionerDaemon:
  pskSecretName: psk
  pools:
    - name: eu
      replicas: 2
      keySecretName: eu-key
      keySecretKey: k
      nodeSelector: {region: eu}
      terminationGracePeriodSeconds: 1800
      podLabels: {app.kubernetes.io/name: coder, team: a}
      env: [{name: CODER_PROMETHEUS_ENABLE, value: "true"}, {name: CODER_URL, value: "https://coder.example.com"}]
    - name: us
      tags: {region: us, gpu: 1}
      serviceAccount: {annotations: {role: us}}
coder:
  replicaCount: 3
  envFrom: [{secretRef: {name: db}}]
  nodeSelector: {all: yes-all}
  podMonitor: {enable: true}
  networkPolicy: {enable: true, usersFrom: [{podSelector: {matchLabels: {who: users}}}]}
  certs: {secrets: [{name: ca, key: ca.crt}]}
  serviceAccount: {workspacePerms: false, workspaceNamespaces: [{name: work, workspacePerms: true}]}`

func TestAPoolOfProvisionersIsADeploymentOfItsOwn(t *testing.T) {
	all := objects(t, twoPools, withHooks())
	eu := find[*appsv1.Deployment](t, all, "coder-provisioner-eu")
	assert.Equal(t, new(int32(2)), eu.Spec.Replicas)
	pod := eu.Spec.Template.Spec
	assert.Equal(t, new(int64(1800)), pod.TerminationGracePeriodSeconds)
	assert.Equal(t, map[string]string{"region": "eu"}, pod.NodeSelector)
	assert.Equal(t, "coder-provisioner-eu", pod.ServiceAccountName)
	assert.Equal(t, "a", eu.Spec.Template.Labels["team"])
	container := pod.Containers[0]
	assert.Equal(t, []string{"/opt/coder"}, container.Command)
	assert.Equal(t, []string{"provisionerd", "start"}, container.Args)
	assert.Equal(t, coderOf(t, []runtime.Object{find[*appsv1.StatefulSet](t, all, "coder")}).Image, container.Image)
	assert.Contains(t, container.VolumeMounts, corev1.VolumeMount{Name: "ca-cert-ca", MountPath: "/etc/ssl/certs/ca.crt", SubPath: "ca.crt", ReadOnly: true})
	assert.Equal(t, []corev1.EnvVar{
		{Name: "CODER_PROMETHEUS_ADDRESS", Value: "0.0.0.0:2112"},
		{Name: "CODER_PROVISIONER_DAEMON_KEY", ValueFrom: secretKey("eu-key", "k")},
		{Name: "CODER_PROMETHEUS_ENABLE", Value: "true"},
		{Name: "CODER_URL", Value: "https://coder.example.com"},
	}, container.Env)

	us := find[*appsv1.Deployment](t, all, "coder-provisioner-us")
	assert.Equal(t, new(int32(1)), us.Spec.Replicas)
	assert.Equal(t, new(int64(600)), us.Spec.Template.Spec.TerminationGracePeriodSeconds)
	assert.Equal(t, map[string]string{"all": "yes-all"}, us.Spec.Template.Spec.NodeSelector)
	assert.Equal(t, []corev1.EnvVar{
		{Name: "CODER_URL", Value: "http://coder.coder.svc.cluster.local"},
		{Name: "CODER_PROMETHEUS_ADDRESS", Value: "0.0.0.0:2112"},
		{Name: "CODER_PROVISIONER_DAEMON_PSK", ValueFrom: secretKey("psk", "psk")},
		{Name: "CODER_PROVISIONERD_TAGS", Value: "gpu=1,region=us"},
	}, us.Spec.Template.Spec.Containers[0].Env)
	assert.Equal(t, map[string]string{"role": "us"}, find[*corev1.ServiceAccount](t, all, "coder-provisioner-us").Annotations)
	for name, deployment := range podsOf(all) {
		assert.Empty(t, violations(t, deployment.ObjectMeta, deployment.Spec), name)
	}
}

func secretKey(name, key string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}}
}

// A provisioner that is taken for a replica would get requests that it cannot answer,
// or be counted by the budget in a replica's stead.
func TestAProvisionerIsNeverTakenForAReplica(t *testing.T) {
	all := objects(t, twoPools, withHooks())
	replica := find[*appsv1.StatefulSet](t, all, "coder")
	selectors := map[string]*metav1.LabelSelector{
		"the StatefulSet":   replica.Spec.Selector,
		"the budget":        find[*policyv1.PodDisruptionBudget](t, all, "coder").Spec.Selector,
		"the NetworkPolicy": &find[*networkingv1.NetworkPolicy](t, all, "coder").Spec.PodSelector,
		"the PodMonitor":    &find[*monitoringv1.PodMonitor](t, all, "coder").Spec.Selector,
		"the anti-affinity": replica.Spec.Template.Spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm.LabelSelector,
		"the zone spread":   replica.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector,
	}
	for _, object := range all {
		if service, ok := object.(*corev1.Service); ok {
			selectors["the Service "+service.Name] = &metav1.LabelSelector{MatchLabels: service.Spec.Selector}
		}
	}
	require.Len(t, selectors, 8)
	pools := map[string]*metav1.LabelSelector{}
	for _, name := range []string{"coder-provisioner-eu", "coder-provisioner-us"} {
		pools[name] = find[*appsv1.Deployment](t, all, name).Spec.Selector
	}
	for pool := range pools {
		pod := labels.Set(find[*appsv1.Deployment](t, all, pool).Spec.Template.Labels)
		for what, selector := range selectors {
			assert.False(t, selects(t, selector, pod), "%s selects the pods of %s", what, pool)
			assert.True(t, selects(t, selector, replica.Spec.Template.Labels), "%s does not select the replicas", what)
		}
		for other, selector := range pools {
			assert.Equal(t, other == pool, selects(t, selector, pod), "%s and %s", pool, other)
			assert.False(t, selects(t, selector, replica.Spec.Template.Labels), "%s selects the replicas", other)
		}
	}
	users := find[*networkingv1.NetworkPolicy](t, all, "coder").Spec.Ingress[1].From
	for _, selector := range pools {
		assert.Contains(t, users, networkingv1.NetworkPolicyPeer{PodSelector: selector}, "they ask coderd for work")
	}
}

func selects(t *testing.T, selector *metav1.LabelSelector, pod labels.Set) bool {
	t.Helper()
	compiled, err := metav1.LabelSelectorAsSelector(selector)
	require.NoError(t, err)
	return compiled.Matches(pod)
}

func TestThePoolsManageWorkspacesWhereCoderdMay(t *testing.T) {
	all := objects(t, twoPools)
	for _, name := range []string{"coder-provisioner-eu", "coder-provisioner-us"} {
		var namespaces []string
		for _, object := range all {
			if binding, ok := object.(*rbacv1.RoleBinding); ok && binding.Name == name {
				namespaces = append(namespaces, binding.Namespace)
				assert.Equal(t, name, binding.Subjects[0].Name)
				assert.Equal(t, name+"-workspace-perms", binding.RoleRef.Name)
			}
		}
		assert.Equal(t, []string{"coder", "work"}, namespaces)
	}
	own := objects(t, `provisionerDaemon: {pools: [{name: a, keySecretName: k, serviceAccount: {name: mine}}, {name: b, keySecretName: k, serviceAccount: {workspacePerms: false}}]}`)
	assert.Equal(t, "mine", find[*appsv1.Deployment](t, own, "coder-provisioner-a").Spec.Template.Spec.ServiceAccountName)
	_, made := lookup[*corev1.ServiceAccount](t, own, "coder-provisioner-a")
	assert.False(t, made, "it exists already")
	_, bound := lookup[*rbacv1.RoleBinding](t, own, "coder-provisioner-b")
	assert.False(t, bound)
}

func TestAPoolThatCannotWorkIsRefused(t *testing.T) {
	for want, values := range map[string]string{
		"provisionerDaemon.pools[0] (a) has no key":                      `provisionerDaemon: {pools: [{name: a}]}`,
		"provisionerDaemon.pools[0] (a) has both keySecretName and tags": `provisionerDaemon: {pools: [{name: a, keySecretName: k, tags: {x: y}}]}`,
		"provisionerDaemon.pools[1] (a) has the name of another pool":    `provisionerDaemon: {pools: [{name: a, keySecretName: k}, {name: a, keySecretName: k}]}`,
		"provisionerDaemon.pools[0] (a) would ask the Service for work":  `{provisionerDaemon: {pools: [{name: a, keySecretName: k}]}, coder: {service: {enable: false}}}`,
		"no key provisionerDaemon.pools[0].replica (the nearest key is":  `provisionerDaemon: {pools: [{name: a, keySecretName: k, replica: 2}]}`,
		"/provisionerDaemon/pools/0/name":                                `provisionerDaemon: {pools: [{name: EU_west, keySecretName: k}]}`,
	} {
		t.Run(want, func(t *testing.T) { assert.Contains(t, refusal(t, values), want) })
	}
	objects(t, `{provisionerDaemon: {pools: [{name: a, keySecretName: k, env: [{name: CODER_URL, value: "https://coder.example.com"}]}]}, coder: {service: {enable: false}}}`)
}
