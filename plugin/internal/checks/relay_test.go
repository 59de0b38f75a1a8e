package checks

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

const relayVar = "CODER_DERP_SERVER_RELAY_URL"

func customRelays(w *world) {
	w.set("CODER_DERP_SERVER_ENABLE", "false")
	w.set("CODER_DERP_CONFIG_URL", "https://derp.example.com/map.json")
}

func relayIs(url string) func(*world) { return func(w *world) { w.set(relayVar, url) } }

func TestRelayURL(t *testing.T) {
	judge(t, "relay-url-missing",
		passes("each replica has one", nil),
		fires("it is not set", "3 replicas have no relay URL", func(w *world) { w.unset(relayVar) }),
		fires("it is empty, which Coder takes for not set", "no relay URL", relayIs("")),
		skips("one replica needs none", "one replica", func(w *world) { w.replicas(1); w.unset(relayVar) }),
		skips("custom relays need none", "embedded relay is off", func(w *world) { customRelays(w); w.unset(relayVar) }),
		skips("a Secret that is not there may set it", "Secret coder/more may set", func(w *world) { w.unset(relayVar); w.envFromSecret("more") }),
		fires("an autoscaler makes several of one", "no relay URL", func(w *world) {
			w.replicas(1)
			w.unset(relayVar)
			w.extra = append(w.extra, "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: coder, namespace: coder}, spec: {minReplicas: 1, maxReplicas: 4, scaleTargetRef: {kind: StatefulSet, name: coder}}}")
		}),
		skips("a shell script sets it", "shell script", func(w *world) {
			w.unset(relayVar)
			w.container().Command = []string{"sh", "-c", "export CODER_DERP_SERVER_RELAY_URL=http://$(hostname -i):8080; exec /opt/coder server"}
		}),
		passes("a flag of coder server sets it", func(w *world) {
			w.unset(relayVar)
			w.container().Args = []string{"server", "--derp-server-relay-url", "http://$(KUBE_POD_IP):8080"}
		}),
	)
	judge(t, "relay-url-equals-access-url",
		passes("the pod IP is nobody else's", nil),
		fires("it is the access URL", "the access URL's host", relayIs("https://coder.example.com")),
		fires("it differs in case, port and a trailing dot only", "the access URL's host", relayIs("HTTP://Coder.Example.COM.:8080/")),
		passes("it is another host of the domain", relayIs("http://$(KUBE_POD_IP).coder.example.com:8080")),
		fires("it is the Service in short form", "Service coder", relayIs("http://coder:80")),
		fires("it is the Service in full", "Service coder", relayIs("http://coder.coder.svc.cluster.local")),
		fires("the cluster has another domain", "Service coder", relayIs("http://coder.coder.svc.corp.internal")),
		passes("it is a Service of another namespace", relayIs("http://coder.other:8080")),
		fires("it is the load balancer's address", "Service coder", func(w *world) {
			w.service.Spec.LoadBalancerIP = "203.0.113.7"
			relayIs("http://203.0.113.7")(w)
		}),
		fires("it is below the wildcard", "wildcard", func(w *world) {
			w.set("CODER_WILDCARD_ACCESS_URL", "*.apps.example.com")
			relayIs("http://relay.apps.example.com:8080")(w)
		}),
		passes("it is two labels below the wildcard", func(w *world) {
			w.set("CODER_WILDCARD_ACCESS_URL", "*.apps.example.com")
			relayIs("http://a.relay.apps.example.com:8080")(w)
		}),
		fires("it is a host of the Ingress", "host other.example.com of Ingress coder", func(w *world) {
			w.extra = append(w.extra, "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: coder, namespace: coder}, spec: {rules: [{host: other.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: coder, port: {name: http}}}}]}}]}}")
			relayIs("http://other.example.com")(w)
		}),
		passes("the Ingress leads elsewhere", func(w *world) {
			w.extra = append(w.extra, "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: x, namespace: coder}, spec: {rules: [{host: other.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: grafana, port: {name: http}}}}]}}]}}")
			relayIs("http://other.example.com")(w)
		}),
		fires("both are one IPv6 address in two forms", "the access URL's host", func(w *world) {
			w.set("CODER_ACCESS_URL", "http://[2001:db8:0::1]")
			relayIs("http://[2001:DB8::1]:8080")(w)
		}),
		passes("it is the replica's own name behind a headless Service", func(w *world) {
			w.container().Env = append([]corev1.EnvVar{field("POD_NAME", "metadata.name")}, w.container().Env...)
			relayIs("http://$(POD_NAME).coder-replicas.coder.svc.cluster.local:8080")(w)
		}),
		skips("custom relays ignore it", "embedded relay is off", func(w *world) { customRelays(w); relayIs("https://coder.example.com")(w) }),
	)
	judge(t, "relay-url-shared",
		passes("each pod has its IP", nil),
		fires("it is written down", "coder-0 and coder-1", relayIs("http://10.0.0.5:8080")),
		skips("one replica shares with nobody", "one replica", func(w *world) { w.replicas(1); relayIs("http://10.0.0.5:8080")(w) }),
		fires("the namespace is the same for all", "same relay URL", func(w *world) {
			w.container().Env = append([]corev1.EnvVar{field("NS", "metadata.namespace")}, w.container().Env...)
			relayIs("http://coder.$(NS):8080")(w)
		}),
	)
	judge(t, "relay-url-loopback",
		passes("the pod IP is not loopback", nil),
		fires("localhost", "points back", relayIs("http://localhost:8080")),
		fires("127.0.0.0/8", "points back", relayIs("http://127.8.8.8:8080")),
		fires("unspecified", "points back", relayIs("http://0.0.0.0:8080")),
		fires("IPv6 loopback", "points back", relayIs("http://[::1]:8080")),
		fires("no host", "points back", relayIs("http://:8080")),
		passes("a host that only begins so", relayIs("http://localhost.example.com:8080")),
	)
	judge(t, "relay-url-invalid",
		passes("a URL", nil),
		fires("no scheme", "no scheme", relayIs("10.0.0.1:8080")),
		fires("the host is taken for the scheme", "scheme is not http or https", relayIs("coder-1:8080")),
		fires("a bare name", "no scheme", relayIs("coder-1.internal")),
		fires("another scheme", "scheme is not http or https", relayIs("tcp://$(KUBE_POD_IP):8080")),
		fires("no number for a port", "port", relayIs("http://$(KUBE_POD_IP):http")),
		fires("IPv4 in brackets", "IPv4 address in square brackets", relayIs("http://[$(KUBE_POD_IP)]:8080")),
		passes("no port at all", relayIs("http://$(KUBE_POD_IP)")),
	)
	judge(t, "relay-url-ipv6-brackets",
		passes("pods with IPv4", nil),
		fires("pods with IPv6", "does not start", func(w *world) { w.service.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} }),
		passes("pods with IPv6 and brackets", func(w *world) {
			w.service.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol}
			relayIs("http://[$(KUBE_POD_IP)]:8080")(w)
		}),
		skips("nobody tells the family", "IP family", func(w *world) { w.service.Spec.IPFamilies = nil }),
		fires("a bare address", "does not start", relayIs("http://fd00::1:8080")),
		passes("an address in brackets", relayIs("http://[fd00::1]:8080")),
		warns("Coder 2.33 starts with it", "cannot dial", func(w *world) { w.version("v2.33.4"); relayIs("http://fd00::1:8080")(w) }),
		fires("Coder 2.34 does not", "does not start", func(w *world) { w.version("v2.34.0"); relayIs("http://fd00::1")(w) }),
		fires("an unknown version may not", "does not start", func(w *world) { w.version("main"); relayIs("http://fd00::1")(w) }),
	)
	judge(t, "relay-url-port-mismatch",
		passes("the port of the listener", nil),
		fires("no port, which is 80", "peers dial port 80", relayIs("http://$(KUBE_POD_IP)")),
		passes("no port, and coderd listens on 80", func(w *world) { w.set("CODER_HTTP_ADDRESS", ":80"); relayIs("http://$(KUBE_POD_IP)")(w) }),
		fires("the TLS port in plain HTTP", "peers dial port 8443", func(w *world) { tlsOn(w); relayIs("http://$(KUBE_POD_IP):8443")(w) }),
		passes("the TLS port with https", func(w *world) { tlsOn(w); relayIs("https://$(KUBE_POD_IP):8443")(w) }),
		fires("the HTTP port with https", "listens for https on port 8443", func(w *world) { tlsOn(w); relayIs("https://$(KUBE_POD_IP):8080")(w) }),
		passes("a host port leads to the listener", func(w *world) {
			w.container().Env = append([]corev1.EnvVar{field("HOST_IP", "status.hostIP")}, w.container().Env...)
			w.container().Ports[0].HostPort = 18080
			relayIs("http://$(HOST_IP):18080")(w)
		}),
	)
	judge(t, "relay-url-path-ignored",
		passes("no path", nil),
		passes("just a slash", relayIs("http://$(KUBE_POD_IP):8080/")),
		warns("a path", "drops the path", relayIs("http://$(KUBE_POD_IP):8080/derp")),
		warns("a query and user info", "drops the query and user info", relayIs("http://me:secret@$(KUBE_POD_IP):8080?x=1")),
	)
}

func TestRelayURLPerReplicaService(t *testing.T) {
	service := `{apiVersion: v1, kind: Service, metadata: {name: coder-0-relay, namespace: coder}, spec: {selector: {statefulset.kubernetes.io/pod-name: coder-0}, ports: [{port: 80, targetPort: http}]}}`
	judge(t, "relay-url-port-mismatch",
		passes("a Service of the replica's own leads to the listener", func(w *world) {
			w.replicas(1)
			w.extra = append(w.extra, service)
			relayIs("http://coder-0-relay")(w)
		}),
	)
	judge(t, "relay-url-equals-access-url",
		passes("a Service of the replica's own is no load balancer", func(w *world) {
			w.extra = append(w.extra, service)
			relayIs("http://coder-0-relay")(w)
		}),
	)
}

func TestRelaySource(t *testing.T) {
	judge(t, "relay-url-unexpanded",
		passes("the variable comes first", nil),
		fires("the variable comes later", "only after the relay URL", func(w *world) {
			w.unset("KUBE_POD_IP")
			w.put(field("KUBE_POD_IP", "status.podIP"))
		}),
		fires("nothing defines it", "does not define POD_IPX", relayIs("http://$(POD_IPX):8080")),
		fires("the dollar is doubled", "literal $(", relayIs("http://$$(KUBE_POD_IP):8080")),
		skips("a Secret that is not there may define it", "Secret coder/more may set POD_IPX", func(w *world) {
			w.envFromSecret("more")
			relayIs("http://$(POD_IPX):8080")(w)
		}),
		skips("custom relays ignore it", "embedded relay", customRelays),
	)
	judge(t, "relay-pod-ip-source",
		passes("the downward API", nil),
		warns("written down", "KUBE_POD_IP is not the pod's own IP", func(w *world) { w.set("KUBE_POD_IP", "10.0.0.5") }),
		warns("the node's", "KUBE_POD_IP is not the pod's own IP", func(w *world) { w.put(field("KUBE_POD_IP", "status.hostIP")) }),
		warns("all of the pod's", "KUBE_POD_IP is not the pod's own IP", func(w *world) { w.put(field("KUBE_POD_IP", "status.podIPs")) }),
		passes("the node's, on the host's network", func(w *world) {
			w.pod().HostNetwork = true
			w.put(field("KUBE_POD_IP", "status.hostIP"))
		}),
		warns("the cluster host is the node's", "CODER_CLUSTER_HOST is not the pod's own IP", func(w *world) { w.put(field("CODER_CLUSTER_HOST", "status.hostIP")) }),
	)
	judge(t, "relay-env-overridden",
		passes("no name twice", nil),
		warns("the relay URL twice", relayVar+" is set twice", func(w *world) {
			w.container().Env = append(w.container().Env, corev1.EnvVar{Name: relayVar, Value: "http://elsewhere:8080"})
		}),
		warns("the pod IP twice", "KUBE_POD_IP is set twice", func(w *world) {
			w.container().Env = append([]corev1.EnvVar{{Name: "KUBE_POD_IP", Value: "10.0.0.1"}}, w.container().Env...)
		}),
		passes("twice the same", func(w *world) {
			w.container().Env = append(w.container().Env, corev1.EnvVar{Name: "CODER_HTTP_ADDRESS", Value: "0.0.0.0:8080"})
		}),
		passes("another name twice", func(w *world) {
			w.container().Env = append(w.container().Env, corev1.EnvVar{Name: "A", Value: "1"}, corev1.EnvVar{Name: "A", Value: "2"})
		}),
		warns("the older name of the listen address twice", "CODER_ADDRESS is set twice", func(w *world) {
			w.container().Env = append(w.container().Env, corev1.EnvVar{Name: "CODER_ADDRESS", Value: ":1"}, corev1.EnvVar{Name: "CODER_ADDRESS", Value: ":2"})
		}),
	)
}

func TestRelayMode(t *testing.T) {
	judge(t, "relay-unused",
		passes("the embedded relay uses it", nil),
		advises("custom relays do not", "ignores the relay URL", customRelays),
		passes("custom relays without a relay URL", func(w *world) { customRelays(w); w.unset(relayVar) }),
	)
	judge(t, "relay-none",
		passes("the embedded relay", nil),
		passes("custom relays", customRelays),
		fires("neither", "no custom relays", func(w *world) { w.set("CODER_DERP_SERVER_ENABLE", "false") }),
		skips("a Secret that is not there may have them", "CODER_DERP_CONFIG_URL", func(w *world) {
			w.set("CODER_DERP_SERVER_ENABLE", "false")
			w.envFromSecret("more")
		}),
	)
	judge(t, "relay-config-conflict",
		passes("one source", customRelays),
		fires("two sources", "both", func(w *world) { customRelays(w); w.set("CODER_DERP_CONFIG_PATH", "/etc/derp.json") }),
		passes("the other one is empty", func(w *world) { customRelays(w); w.set("CODER_DERP_CONFIG_PATH", "") }),
	)
}
