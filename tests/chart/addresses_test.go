package chart_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
)

// envOf is the value of each name of the Coder container, or the field that it
// refers to.
func envOf(t *testing.T, values string, options ...option) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, entry := range coderOf(t, objects(t, values, options...)).Env {
		env[entry.Name] = entry.Value
		if entry.ValueFrom != nil && entry.ValueFrom.FieldRef != nil {
			env[entry.Name] = entry.ValueFrom.FieldRef.FieldPath
		}
	}
	return env
}

func TestSingleStackIPv6(t *testing.T) {
	const values = `coder: {singleStackIPv6: true, tls: {secretNames: [a]}}`
	env := envOf(t, values)
	assert.Equal(t, "http://[$(KUBE_POD_IP)]:8080", env["CODER_DERP_SERVER_RELAY_URL"])
	assert.Equal(t, "status.podIP", env["CODER_CLUSTER_HOST"], "never in brackets")
	for name, want := range map[string]string{
		"CODER_HTTP_ADDRESS": "[::]:8080", "CODER_TLS_ADDRESS": "[::]:8443",
		"CODER_PROMETHEUS_ADDRESS": "[::]:2112", "CODER_PPROF_ADDRESS": "[::]:6060",
	} {
		assert.Equal(t, want, env[name], name)
	}
	for _, name := range []string{"coder", "coder-replicas"} {
		service := find[*corev1.Service](t, objects(t, values), name)
		assert.Equal(t, []corev1.IPFamily{corev1.IPv6Protocol}, service.Spec.IPFamilies, name)
		assert.Equal(t, new(corev1.IPFamilyPolicySingleStack), service.Spec.IPFamilyPolicy, name)
	}
}

func TestTheServicesFamiliesAreValues(t *testing.T) {
	all := objects(t, `coder: {service: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv6, IPv4]}}`)
	service := find[*corev1.Service](t, all, "coder")
	assert.Equal(t, new(corev1.IPFamilyPolicyPreferDualStack), service.Spec.IPFamilyPolicy)
	assert.Equal(t, []corev1.IPFamily{corev1.IPv6Protocol, corev1.IPv4Protocol}, service.Spec.IPFamilies)
}

func TestTheListenAddressIsAValue(t *testing.T) {
	for address, want := range map[string]string{"::": "[::]:8080", "[::]": "[::]:8080", "10.0.0.1": "10.0.0.1:8080"} {
		assert.Equal(t, want, envOf(t, `coder: {listenAddress: "`+address+`"}`)["CODER_HTTP_ADDRESS"])
	}
}

func TestTheRelayByPodName(t *testing.T) {
	const values = `coder: {relay: {hostFrom: podName}, singleStackIPv6: true, clusterDomain: k8s.example.com}`
	env := envOf(t, values)
	assert.Equal(t, "http://$(KUBE_POD_NAME).coder-replicas.coder.svc.k8s.example.com:8080", env["CODER_DERP_SERVER_RELAY_URL"])
	assert.Equal(t, "metadata.name", env["KUBE_POD_NAME"])
	assert.Equal(t, "status.podIP", env["CODER_CLUSTER_HOST"], "the replicas' pubsub is authenticated by address")
	assert.Equal(t, "http://coder.coder.svc.k8s.example.com", env["CODER_ACCESS_URL"])
	assert.NotContains(t, envOf(t, `{}`), "KUBE_POD_NAME")

	set := find[*appsv1.StatefulSet](t, objects(t, values), "coder")
	service := find[*corev1.Service](t, objects(t, values), set.Spec.ServiceName)
	assert.Equal(t, corev1.ClusterIPNone, service.Spec.ClusterIP)
	assert.True(t, service.Spec.PublishNotReadyAddresses, "replicas find each other before they are ready")
}

func TestAFullNameNamesEverythingThatLeadsToCoder(t *testing.T) {
	all := objects(t, `
fullnameOverride: team-a
nameOverride: coder
coder:
  replicaCount: 2
  envFrom: [{secretRef: {name: db}}]
  serviceAccount: {name: team-a}
  ingress: {enable: true, host: a.example.com}
  httproute: {enable: true, httpsRedirect: {enable: true, parentRefs: [{name: gateway}]}}
  networkPolicy: {enable: true}
  podMonitor: {enable: true}`, withHooks())
	var names []string
	for _, object := range all {
		names = append(names, nameOf(t, object))
	}
	assert.ElementsMatch(t, []string{
		"team-a", "team-a-replicas", "team-a", "team-a", "team-a-workspace-perms", "team-a", "team-a", "team-a",
		"team-a-https-redirect", "team-a", "team-a", "team-a", testPod(t, all).Name,
	}, names)
	set := find[*appsv1.StatefulSet](t, all, "team-a")
	assert.Equal(t, upstreamSelector("coder"), set.Spec.Selector.MatchLabels, "selectors keep their labels")
	assert.Equal(t, "http://team-a.coder.svc.cluster.local", envOf(t, `fullnameOverride: team-a`)["CODER_ACCESS_URL"])
}

// A Service's name and the value of a label have at most 63 characters.
func TestALongNameIsCutToWhatKubernetesTakes(t *testing.T) {
	for _, length := range []int{52, 54, 60, 63} {
		name := strings.Repeat("a", length)
		kind := "Deployment"
		if length <= 52 {
			kind = "StatefulSet"
		}
		all := objects(t, `{fullnameOverride: `+name+`, coder: {workloadKind: `+kind+`, replicaCount: 2, envFrom: [{secretRef: {name: db}}], ingress: {enable: true}}}`, withHooks())
		for _, object := range all {
			assert.LessOrEqual(t, len(nameOf(t, object)), 63)
			accessor, err := meta.Accessor(object)
			require.NoError(t, err)
			for key, value := range accessor.GetLabels() {
				assert.LessOrEqual(t, len(value), 63, key)
			}
		}
		find[*corev1.Service](t, all, name)
		find[*corev1.Service](t, all, name[:min(length, 54)]+"-replicas")
	}
}
