package relay

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

const (
	headless    = "{apiVersion: v1, kind: Service, metadata: {name: coder-replicas, namespace: coder}, spec: {clusterIP: None, selector: {app.kubernetes.io/name: coder}}}"
	balanced    = "{apiVersion: v1, kind: Service, metadata: {name: coder-replicas, namespace: coder}, spec: {selector: {app.kubernetes.io/name: coder}}}"
	ofOthers    = "{apiVersion: v1, kind: Service, metadata: {name: coder-replicas, namespace: coder}, spec: {clusterIP: None, selector: {app: other}}}"
	noSelector  = "{apiVersion: v1, kind: Service, metadata: {name: coder-replicas, namespace: coder}, spec: {clusterIP: None}}"
	calledAsPod = "{apiVersion: v1, kind: Service, metadata: {name: coder-0, namespace: coder}, spec: {selector: {statefulset.kubernetes.io/pod-name: coder-0}}}"
)

// byName gives each replica a relay URL with its pod's name.
func byName(host string, docs ...string) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Container().Env = append([]corev1.EnvVar{checktest.Field("POD_NAME", "metadata.name")}, w.Container().Env...)
		checktest.RelayIs("http://" + host + ":8080")(w)
		checktest.With(docs...)(w)
	}
}

func nameCases(_ *testing.T, c *checktest.Cases) {
	deployment := func(change func(*checktest.World)) func(*checktest.World) {
		return func(w *checktest.World) { change(w); w.Workload.Kind, w.Workload.Spec.ServiceName = "Deployment", "" }
	}
	policy := func(p corev1.DNSPolicy, change func(*checktest.World)) func(*checktest.World) {
		return func(w *checktest.World) { change(w); w.Pod().DNSPolicy = p }
	}
	full := "$(POD_NAME).coder-replicas.coder.svc.cluster.local"
	c.About("relay-url-unresolvable",
		checktest.Passes("the pod IP", nil),
		checktest.Fires("the pod's name alone", "the name of a pod alone", byName("$(POD_NAME)", headless)),
		checktest.Fires("the name of a Deployment's pod alone", "the name of a pod alone", deployment(byName("$(POD_NAME)", headless))),
		checktest.Passes("a Service that is called as the pod is", byName("$(POD_NAME)", calledAsPod)),
		checktest.Passes("a Service that is called as the pod is, in full", byName("$(POD_NAME).coder.svc.cluster.local", calledAsPod)),
		checktest.Fires("the namespace without a Service", "only below a Service", byName("$(POD_NAME).coder.svc.cluster.local", headless)),
		checktest.Passes("below the StatefulSet's Service", byName("$(POD_NAME).coder-replicas", headless)),
		checktest.Passes("below it, with the namespace", byName("$(POD_NAME).coder-replicas.coder", headless)),
		checktest.Passes("below it, in full", byName(full, headless)),
		checktest.Passes("below it, in a cluster with a domain of its own", byName("$(POD_NAME).coder-replicas.coder.svc.k8s.example.com", headless)),
		checktest.Skips("below it, and it is not in the input", "Service coder-replicas is not in the input", byName(full)),
		checktest.Fires("below it, and it has a cluster IP", "is not headless", byName(full, balanced)),
		checktest.Fires("below it, and it selects others", "does not select the pods", byName(full, ofOthers)),
		checktest.Skips("below it, and it selects nothing", "has no selector", byName(full, noSelector)),
		checktest.Fires("below the Service for users", "which the StatefulSet names, not below coder", byName("$(POD_NAME).coder.coder.svc.cluster.local", headless)),
		checktest.Fires("in another namespace", "in namespace coder, where they run, not in other", byName("$(POD_NAME).coder-replicas.other.svc", headless)),
		checktest.Fires("a StatefulSet without a Service", "names no Service", func(w *checktest.World) {
			byName(full, headless)(w)
			w.Workload.Spec.ServiceName = ""
		}),
		checktest.Fires("a Deployment's pod below a headless Service", "no names for the pods of a Deployment", deployment(byName(full, headless))),
		checktest.Skips("a domain that is not the cluster's", "decided outside of the input", byName("$(POD_NAME).relay.example.com", headless)),
		checktest.Skips("a domain of one label", "decided outside of the input", byName("$(POD_NAME).internal", headless)),
		checktest.Passes("the pod's name alone, with a search domain for it", func(w *checktest.World) {
			byName("$(POD_NAME)", headless)(w)
			w.Pod().DNSConfig = &corev1.PodDNSConfig{Searches: []string{"coder-replicas.coder.svc.cluster.local"}}
		}),
		checktest.Fires("the pod's name alone, with another search domain", "not below web", func(w *checktest.World) {
			byName("$(POD_NAME)", headless)(w)
			w.Pod().DNSConfig = &corev1.PodDNSConfig{Searches: []string{"web.coder.svc.cluster.local"}}
		}),
		checktest.Skips("the host's network with the DNS of the node", "do not ask the DNS of the cluster", func(w *checktest.World) {
			byName(full, headless)(w)
			w.Pod().HostNetwork = true
		}),
		checktest.Passes("the host's network with the DNS of the cluster", policy(corev1.DNSClusterFirstWithHostNet, func(w *checktest.World) {
			byName(full, headless)(w)
			w.Pod().HostNetwork = true
		})),
		checktest.Skips("the DNS of the node", "do not ask the DNS of the cluster", policy(corev1.DNSDefault, byName(full, headless))),
		checktest.Passes("a name that only begins so", byName("$(POD_NAME)-relay", headless)),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { byName("$(POD_NAME)")(w); w.Replicas(1) }),
	)
}
