package relay

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

func urlCases(_ *testing.T, c *checktest.Cases) {
	c.About("relay-url-missing",
		checktest.Passes("each replica has one", nil),
		checktest.Fires("it is not set", "3 replicas have no relay URL", func(w *checktest.World) { w.Unset(coder.RelayURL) }),
		checktest.Fires("it is empty, which Coder takes for not set", "no relay URL", checktest.RelayIs("")),
		checktest.Skips("one replica needs none", "one replica", func(w *checktest.World) { w.Replicas(1); w.Unset(coder.RelayURL) }),
		checktest.Skips("custom relays need none", "embedded relay is off", func(w *checktest.World) { checktest.CustomRelays(w); w.Unset(coder.RelayURL) }),
		checktest.Skips("a Secret that is not there may set it", "Secret coder/more may set", func(w *checktest.World) { w.Unset(coder.RelayURL); w.EnvFromSecret("more") }),
		checktest.Fires("an autoscaler makes several of one", "no relay URL", func(w *checktest.World) {
			w.Replicas(1)
			w.Unset(coder.RelayURL)
			w.Extra = append(w.Extra, "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: coder, namespace: coder}, spec: {minReplicas: 1, maxReplicas: 4, scaleTargetRef: {kind: StatefulSet, name: coder}}}")
		}),
		checktest.Skips("a shell script sets it", "shell script", func(w *checktest.World) {
			w.Unset(coder.RelayURL)
			w.Container().Command = []string{"sh", "-c", "export CODER_DERP_SERVER_RELAY_URL=http://$(hostname -i):8080; exec /opt/coder server"}
		}),
		checktest.Passes("a flag of coder server sets it", func(w *checktest.World) {
			w.Unset(coder.RelayURL)
			w.Container().Args = []string{"server", "--derp-server-relay-url", "http://$(KUBE_POD_IP):8080"}
		}),
	)
	c.About("relay-url-equals-access-url",
		checktest.Passes("the pod IP is nobody else's", nil),
		checktest.Fires("it is the access URL", "the access URL's host", checktest.RelayIs("https://coder.example.com")),
		checktest.Skips("nobody dials one replica", "one replica", func(w *checktest.World) { w.Replicas(1); checktest.RelayIs("https://coder.example.com")(w) }),
		checktest.Fires("it differs in case, port and a trailing dot only", "the access URL's host", checktest.RelayIs("HTTP://Coder.Example.COM.:8080/")),
		checktest.Passes("it is another host of the domain", checktest.RelayIs("http://$(KUBE_POD_IP).coder.example.com:8080")),
		checktest.Fires("it is the Service in short form", "Service coder", checktest.RelayIs("http://coder:80")),
		checktest.Fires("it is the Service in full", "Service coder", checktest.RelayIs("http://coder.coder.svc.cluster.local")),
		checktest.Fires("the cluster has another domain", "Service coder", checktest.RelayIs("http://coder.coder.svc.corp.internal")),
		checktest.Passes("it is a Service of another namespace", checktest.RelayIs("http://coder.other:8080")),
		checktest.Fires("it is the load balancer's address", "Service coder", func(w *checktest.World) {
			w.Service.Spec.LoadBalancerIP = "203.0.113.7"
			checktest.RelayIs("http://203.0.113.7")(w)
		}),
		checktest.Fires("it is below the wildcard", "wildcard", func(w *checktest.World) {
			w.Set("CODER_WILDCARD_ACCESS_URL", "*.apps.example.com")
			checktest.RelayIs("http://relay.apps.example.com:8080")(w)
		}),
		checktest.Passes("it is two labels below the wildcard", func(w *checktest.World) {
			w.Set("CODER_WILDCARD_ACCESS_URL", "*.apps.example.com")
			checktest.RelayIs("http://a.relay.apps.example.com:8080")(w)
		}),
		checktest.Fires("it is a host of the Ingress", "host other.example.com of Ingress coder", func(w *checktest.World) {
			w.Extra = append(w.Extra, "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: coder, namespace: coder}, spec: {rules: [{host: other.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: coder, port: {name: http}}}}]}}]}}")
			checktest.RelayIs("http://other.example.com")(w)
		}),
		checktest.Passes("the Ingress leads elsewhere", func(w *checktest.World) {
			w.Extra = append(w.Extra, "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: x, namespace: coder}, spec: {rules: [{host: other.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: grafana, port: {name: http}}}}]}}]}}")
			checktest.RelayIs("http://other.example.com")(w)
		}),
		checktest.Fires("both are one IPv6 address in two forms", "the access URL's host", func(w *checktest.World) {
			w.Set("CODER_ACCESS_URL", "http://[2001:db8:0::1]")
			checktest.RelayIs("http://[2001:DB8::1]:8080")(w)
		}),
		checktest.Passes("it is the replica's own name behind a headless Service", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("POD_NAME", "metadata.name")}, w.Container().Env...)
			checktest.RelayIs("http://$(POD_NAME).coder-replicas.coder.svc.cluster.local:8080")(w)
		}),
		checktest.Skips("custom relays ignore it", "embedded relay is off", func(w *checktest.World) { checktest.CustomRelays(w); checktest.RelayIs("https://coder.example.com")(w) }),
	)
	c.About("relay-url-shared",
		checktest.Passes("each pod has its IP", nil),
		checktest.Fires("it is written down", "coder-0 and coder-1", checktest.RelayIs("http://10.0.0.5:8080")),
		checktest.Skips("one replica shares with nobody", "one replica", func(w *checktest.World) { w.Replicas(1); checktest.RelayIs("http://10.0.0.5:8080")(w) }),
		checktest.Fires("the namespace is the same for all", "same relay URL", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("NS", "metadata.namespace")}, w.Container().Env...)
			checktest.RelayIs("http://coder.$(NS):8080")(w)
		}),
	)
	c.About("relay-url-loopback",
		checktest.Passes("the pod IP is not loopback", nil),
		checktest.Fires("localhost", "points back", checktest.RelayIs("http://localhost:8080")),
		checktest.Fires("127.0.0.0/8", "points back", checktest.RelayIs("http://127.8.8.8:8080")),
		checktest.Fires("unspecified", "points back", checktest.RelayIs("http://0.0.0.0:8080")),
		checktest.Fires("IPv6 loopback", "points back", checktest.RelayIs("http://[::1]:8080")),
		checktest.Fires("no host", "points back", checktest.RelayIs("http://:8080")),
		checktest.Passes("a host that only begins so", checktest.RelayIs("http://localhost.example.com:8080")),
	)
	c.About("relay-url-invalid",
		checktest.Passes("a URL", nil),
		checktest.Fires("no scheme", "no scheme", checktest.RelayIs("10.0.0.1:8080")),
		checktest.Fires("the host is taken for the scheme", "scheme is not http or https", checktest.RelayIs("coder-1:8080")),
		checktest.Fires("a bare name", "no scheme", checktest.RelayIs("coder-1.internal")),
		checktest.Fires("another scheme", "scheme is not http or https", checktest.RelayIs("tcp://$(KUBE_POD_IP):8080")),
		checktest.Fires("no number for a port", "port", checktest.RelayIs("http://$(KUBE_POD_IP):http")),
		checktest.Fires("IPv4 in brackets", "the relay URL cannot be used: its IPv4 address is in square brackets", checktest.RelayIs("http://[$(KUBE_POD_IP)]:8080")),
		checktest.Passes("brackets, and the pods have IPv6", func(w *checktest.World) {
			w.Options.PodIPFamily = "IPv6"
			checktest.RelayIs("http://[$(KUBE_POD_IP)]:8080")(w)
		}),
		checktest.Skips("brackets, and nobody tells the family", "IP family", func(w *checktest.World) {
			w.Options.PodIPFamily = ""
			checktest.RelayIs("http://[$(KUBE_POD_IP)]:8080")(w)
		}),
		checktest.Passes("no port at all", checktest.RelayIs("http://$(KUBE_POD_IP)")),
		checktest.Fires("one replica, which does not start with it", "no scheme", func(w *checktest.World) { w.Replicas(1); checktest.RelayIs("10.0.0.1:8080")(w) }),
		checktest.Skips("one replica, which starts with it", "one replica", func(w *checktest.World) { w.Replicas(1); checktest.RelayIs("tcp://$(KUBE_POD_IP):8080")(w) }),
		checktest.Fires("custom relays, for which it must be a URL all the same", "no scheme", func(w *checktest.World) { checktest.CustomRelays(w); checktest.RelayIs("10.0.0.1:8080")(w) }),
		checktest.Skips("custom relays, with a scheme that no peer dials", "the embedded relay is off", func(w *checktest.World) { checktest.CustomRelays(w); checktest.RelayIs("tcp://10.0.0.1:8080")(w) }),
	)
	c.About("relay-url-ipv6-brackets",
		checktest.Passes("pods with IPv4", nil),
		checktest.Fires("pods with IPv6", "does not start", func(w *checktest.World) { w.Options.PodIPFamily = "IPv6" }),
		checktest.Passes("pods with IPv6 and brackets", func(w *checktest.World) {
			w.Options.PodIPFamily = "IPv6"
			checktest.RelayIs("http://[$(KUBE_POD_IP)]:8080")(w)
		}),
		checktest.Skips("nobody tells the family", "IP family", func(w *checktest.World) { w.Options.PodIPFamily = "" }),
		checktest.Skips("a Service of IPv6 alone, which a cluster of both families may have", "IP family", func(w *checktest.World) {
			w.Options.PodIPFamily = ""
			w.Service.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol}
		}),
		checktest.Fires("a bare address", "does not start", checktest.RelayIs("http://fd00::1:8080")),
		checktest.Passes("an address in brackets", checktest.RelayIs("http://[fd00::1]:8080")),
		checktest.Warns("Coder 2.33 starts with it", "cannot dial", func(w *checktest.World) { w.Version("v2.33.4"); checktest.RelayIs("http://fd00::1:8080")(w) }),
		checktest.Skips("Coder 2.33 in one replica, which nobody dials", "one replica", func(w *checktest.World) {
			w.Replicas(1)
			w.Version("v2.33.4")
			checktest.RelayIs("http://fd00::1:8080")(w)
		}),
		checktest.Fires("Coder 2.34 does not", "does not start", func(w *checktest.World) { w.Version("v2.34.0"); checktest.RelayIs("http://fd00::1")(w) }),
		checktest.Fires("an unknown version may not", "does not start", func(w *checktest.World) { w.Version("main"); checktest.RelayIs("http://fd00::1")(w) }),
	)
	c.About("relay-url-port-mismatch",
		checktest.Passes("the port of the listener", nil),
		checktest.Skips("the access URL", "see relay-url-equals-access-url", checktest.RelayIs("https://coder.example.com")),
		checktest.Fires("no port, which is 80", "peers dial port 80", checktest.RelayIs("http://$(KUBE_POD_IP)")),
		checktest.Passes("no port, and coderd listens on 80", func(w *checktest.World) {
			w.Set("CODER_HTTP_ADDRESS", ":80")
			checktest.RelayIs("http://$(KUBE_POD_IP)")(w)
		}),
		checktest.Fires("the TLS port in plain HTTP", "peers dial port 8443", func(w *checktest.World) { checktest.ServeTLS(w); checktest.RelayIs("http://$(KUBE_POD_IP):8443")(w) }),
		checktest.Passes("the TLS port with https", func(w *checktest.World) { checktest.ServeTLS(w); checktest.RelayIs("https://$(KUBE_POD_IP):8443")(w) }),
		checktest.Fires("the HTTP port with https", "listens for https on port 8443", func(w *checktest.World) { checktest.ServeTLS(w); checktest.RelayIs("https://$(KUBE_POD_IP):8080")(w) }),
		checktest.Passes("a host port leads to the listener", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("HOST_IP", "status.hostIP")}, w.Container().Env...)
			w.Container().Ports[0].HostPort = 18080
			checktest.RelayIs("http://$(HOST_IP):18080")(w)
		}),
	)
	c.About("relay-url-path-ignored",
		checktest.Passes("no path", nil),
		checktest.Passes("just a slash", checktest.RelayIs("http://$(KUBE_POD_IP):8080/")),
		checktest.Warns("a path", "Coder ignores the path of the relay URL", checktest.RelayIs("http://$(KUBE_POD_IP):8080/derp")),
		checktest.Warns("a query and user info", "Coder ignores the query and user info of the relay URL", checktest.RelayIs("http://me:secret@$(KUBE_POD_IP):8080?x=1")),
	)
}

func perReplicaServiceCases(_ *testing.T, c *checktest.Cases) {
	service := `{apiVersion: v1, kind: Service, metadata: {name: coder-0-relay, namespace: coder}, spec: {selector: {statefulset.kubernetes.io/pod-name: coder-0}, ports: [{port: 80, targetPort: http}]}}`
	c.About("relay-url-port-mismatch",
		checktest.Passes("a Service of the replica's own leads to the listener", func(w *checktest.World) {
			w.Extra = append(w.Extra, service)
			checktest.RelayIs("http://coder-0-relay")(w)
		}),
	)
	c.About("relay-url-equals-access-url",
		checktest.Passes("a Service of the replica's own is no load balancer", func(w *checktest.World) {
			w.Extra = append(w.Extra, service)
			checktest.RelayIs("http://coder-0-relay")(w)
		}),
	)
}

func sourceCases(_ *testing.T, c *checktest.Cases) {
	c.About("relay-url-unexpanded",
		checktest.Passes("the variable comes first", nil),
		checktest.Fires("the variable comes later", "only after the relay URL", func(w *checktest.World) {
			w.Unset("KUBE_POD_IP")
			w.Put(checktest.Field("KUBE_POD_IP", "status.podIP"))
		}),
		checktest.Fires("nothing defines it", "does not define POD_IPX", checktest.RelayIs("http://$(POD_IPX):8080")),
		checktest.Fires("the dollar is doubled", "literal $(", checktest.RelayIs("http://$$(KUBE_POD_IP):8080")),
		checktest.Skips("a Secret that is not there may define it", "Secret coder/more may set POD_IPX", func(w *checktest.World) {
			w.EnvFromSecret("more")
			checktest.RelayIs("http://$(POD_IPX):8080")(w)
		}),
		checktest.Skips("custom relays ignore it", "embedded relay", checktest.CustomRelays),
	)
	c.About("relay-pod-ip-source",
		checktest.Passes("the downward API", nil),
		checktest.Warns("written down", "KUBE_POD_IP is not the pod's own IP", func(w *checktest.World) { w.Set("KUBE_POD_IP", "10.0.0.5") }),
		checktest.Warns("the node's", "KUBE_POD_IP is not the pod's own IP", func(w *checktest.World) { w.Put(checktest.Field("KUBE_POD_IP", "status.hostIP")) }),
		checktest.Warns("all of the pod's", "KUBE_POD_IP is not the pod's own IP", func(w *checktest.World) { w.Put(checktest.Field("KUBE_POD_IP", "status.podIPs")) }),
		checktest.Passes("the node's, on the host's network", func(w *checktest.World) {
			w.Pod().HostNetwork = true
			w.Put(checktest.Field("KUBE_POD_IP", "status.hostIP"))
		}),
		checktest.Passes("set again after the relay URL, which keeps the first", func(w *checktest.World) {
			w.Container().Env = append(w.Container().Env, corev1.EnvVar{Name: "KUBE_POD_IP", Value: "10.0.0.5"})
		}),
		checktest.Warns("the pod's own only after the relay URL, which keeps the first", "KUBE_POD_IP is not the pod's own IP", func(w *checktest.World) {
			w.Set("KUBE_POD_IP", "10.0.0.5")
			w.Container().Env = append(w.Container().Env, checktest.Field("KUBE_POD_IP", "status.podIP"))
		}),
		checktest.Fires("the cluster host is the node's", "coderd does not start", func(w *checktest.World) { w.Put(checktest.Field("CODER_CLUSTER_HOST", "status.hostIP")) }),
		checktest.Fires("the cluster host is the node's, by a variable", "coderd does not start", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("HOST_IP", "status.hostIP")}, w.Container().Env...)
			w.Set("CODER_CLUSTER_HOST", "$(HOST_IP)")
		}),
		checktest.Warns("the cluster host is the node's, without NATS", "CODER_CLUSTER_HOST is not the pod's own IP", func(w *checktest.World) {
			w.Put(checktest.Field("CODER_CLUSTER_HOST", "status.hostIP"))
			w.Version("v2.37.1")
		}),
		checktest.Passes("the cluster host is the node's, on its network", func(w *checktest.World) {
			w.Put(checktest.Field("CODER_CLUSTER_HOST", "status.hostIP"))
			w.Pod().HostNetwork = true
		}),
	)
	c.About("relay-env-overridden",
		checktest.Passes("no name twice", nil),
		checktest.Warns("the relay URL twice", coder.RelayURL+" is set twice", func(w *checktest.World) {
			w.Container().Env = append(w.Container().Env, corev1.EnvVar{Name: coder.RelayURL, Value: "http://elsewhere:8080"})
		}),
		checktest.Warns("the pod IP twice", "KUBE_POD_IP is set twice", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{{Name: "KUBE_POD_IP", Value: "10.0.0.1"}}, w.Container().Env...)
		}),
		checktest.Passes("the pod IP again after the relay URL, which keeps the first", func(w *checktest.World) {
			w.Container().Env = append(w.Container().Env, corev1.EnvVar{Name: "KUBE_POD_IP", Value: "10.0.0.1"})
		}),
		checktest.Passes("twice the same", func(w *checktest.World) {
			w.Container().Env = append(w.Container().Env, corev1.EnvVar{Name: "CODER_HTTP_ADDRESS", Value: "0.0.0.0:8080"})
		}),
		checktest.Passes("another name twice", func(w *checktest.World) {
			w.Container().Env = append(w.Container().Env, corev1.EnvVar{Name: "A", Value: "1"}, corev1.EnvVar{Name: "A", Value: "2"})
		}),
		checktest.Warns("the older name of the listen address twice", "CODER_ADDRESS is set twice", func(w *checktest.World) {
			w.Container().Env = append(w.Container().Env, corev1.EnvVar{Name: "CODER_ADDRESS", Value: ":1"}, corev1.EnvVar{Name: "CODER_ADDRESS", Value: ":2"})
		}),
	)
}

func modeCases(_ *testing.T, c *checktest.Cases) {
	c.About("relay-unused",
		checktest.Passes("the embedded relay uses it", nil),
		checktest.Advises("custom relays do not", "no mesh uses the relay URL", checktest.CustomRelays),
		checktest.Skips("one replica has nobody who could", "one replica", func(w *checktest.World) { w.Replicas(1); checktest.CustomRelays(w) }),
		checktest.Passes("pubsub takes its host where there is no cluster host", func(w *checktest.World) { checktest.CustomRelays(w); w.Unset("CODER_CLUSTER_HOST") }),
		checktest.Passes("custom relays without a relay URL", func(w *checktest.World) { checktest.CustomRelays(w); w.Unset(coder.RelayURL) }),
	)
	c.About("relay-url-port-mismatch",
		checktest.Fires("CODER_ADDRESS turns plain HTTP off with TLS", "coderd does not listen for plain HTTP", func(w *checktest.World) {
			checktest.ServeTLS(w)
			w.Set("CODER_ADDRESS", "0.0.0.0:8443")
		}),
		checktest.Fires("CODER_ADDRESS has another port", "peers dial port 8080, but coderd listens for http on port 3000", func(w *checktest.World) { w.Set("CODER_ADDRESS", "0.0.0.0:3000") }),
	)
	c.About("relay-none",
		checktest.Fires("an empty switch, which is off since Coder 2.34", "no custom relays", func(w *checktest.World) { w.Set("CODER_DERP_SERVER_ENABLE", "") }),
		checktest.Passes("an empty switch in Coder 2.33", func(w *checktest.World) { w.Set("CODER_DERP_SERVER_ENABLE", ""); w.Version("v2.33.0") }),
		checktest.Passes("the embedded relay", nil),
		checktest.Passes("custom relays", checktest.CustomRelays),
		checktest.Fires("neither", "no custom relays", func(w *checktest.World) { w.Set("CODER_DERP_SERVER_ENABLE", "false") }),
		checktest.Skips("a Secret that is not there may have them", "CODER_DERP_CONFIG_URL", func(w *checktest.World) {
			w.Set("CODER_DERP_SERVER_ENABLE", "false")
			w.EnvFromSecret("more")
		}),
	)
	c.About("relay-config-conflict",
		checktest.Passes("one source", checktest.CustomRelays),
		checktest.Fires("two sources", "both", func(w *checktest.World) { checktest.CustomRelays(w); w.Set("CODER_DERP_CONFIG_PATH", "/etc/derp.json") }),
		checktest.Passes("the other one is empty", func(w *checktest.World) { checktest.CustomRelays(w); w.Set("CODER_DERP_CONFIG_PATH", "") }),
	)
}
