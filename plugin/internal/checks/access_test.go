package checks

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func accessIs(url string) func(*world) { return func(w *world) { w.set("CODER_ACCESS_URL", url) } }

const (
	ingress        = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: coder, namespace: coder}, spec: {ingressClassName: nginx, rules: [{host: coder.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: coder, port: {name: http}}}}]}}]}}"
	virtualService = "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: coder, namespace: coder}, spec: {hosts: [coder.example.com], http: [{route: [{destination: {host: coder.coder.svc.cluster.local}}]}]}}"
	envoyFilter    = "{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: derp, namespace: istio-system}, spec: {configPatches: [{applyTo: NETWORK_FILTER, patch: {operation: MERGE, value: {typed_config: {upgrade_configs: [{upgrade_type: derp}]}}}}]}}"
)

func with(docs ...string) func(*world) { return func(w *world) { w.extra = append(w.extra, docs...) } }

func TestAccessURL(t *testing.T) {
	judge(t, "access-url-missing",
		passes("set", nil),
		fires("not set", "no access URL", func(w *world) { w.unset("CODER_ACCESS_URL") }),
		fires("not set, one replica", "no access URL", func(w *world) { w.unset("CODER_ACCESS_URL"); w.replicas(1) }),
		skips("a Secret that is not there may set it", "Secret coder/more", func(w *world) { w.unset("CODER_ACCESS_URL"); w.envFromSecret("more") }),
	)
	judge(t, "access-url-invalid",
		passes("https", nil),
		fires("no scheme", "no scheme", accessIs("coder.example.com")),
		fires("another scheme", "scheme is not", accessIs("ftp://coder.example.com")),
		fires("differs between replicas", "differs from that of replica coder-0", func(w *world) {
			w.container().Env = append([]corev1.EnvVar{field("POD_NAME", "metadata.name")}, w.container().Env...)
			accessIs("https://$(POD_NAME).example.com")(w)
		}),
		passes("with a port and a slash", accessIs("https://coder.example.com:8443/")),
	)
	judge(t, "access-url-loopback",
		passes("the load balancer", nil),
		fires("localhost", "points back", accessIs("http://localhost:8080")),
		fires("loopback", "points back", accessIs("http://127.0.0.1")),
		fires("the pod IP", "one replica's own address", func(w *world) {
			w.container().Env = append([]corev1.EnvVar{field("KUBE_POD_IP", "status.podIP")}, w.container().Env...)
			accessIs("http://$(KUBE_POD_IP):8080")(w)
		}),
		fires("one replica by name", "one replica's own address", accessIs("http://coder-0.coder-replicas:8080")),
		passes("a name that only begins so", accessIs("http://coder-0x.example.com")),
		fires("a Service of one replica", "replica coder-1 alone", func(w *world) {
			w.extra = append(w.extra, "{apiVersion: v1, kind: Service, metadata: {name: one, namespace: coder}, spec: {selector: {statefulset.kubernetes.io/pod-name: coder-1}, ports: [{port: 80}]}}")
			accessIs("http://one")(w)
		}),
	)
	judge(t, "access-url-cluster-default",
		passes("an outside name", nil),
		warns("the Service's name, and it is a load balancer", "type LoadBalancer", accessIs("http://coder.coder.svc.cluster.local")),
		warns("the Service's name, and an Ingress exposes it", "Ingress coder exposes", func(w *world) {
			w.service.Spec.Type = corev1.ServiceTypeClusterIP
			with(ingress)(w)
			accessIs("http://coder.coder.svc.cluster.local")(w)
		}),
		passes("the Service's name, and nothing exposes it", func(w *world) {
			w.service.Spec.Type = corev1.ServiceTypeClusterIP
			accessIs("http://coder.coder.svc.cluster.local")(w)
		}),
	)
	wildcard := func(pattern string) func(*world) {
		return func(w *world) { w.set("CODER_WILDCARD_ACCESS_URL", pattern) }
	}
	judge(t, "wildcard-access-url-invalid",
		skips("not set", "not set", nil),
		passes("a wildcard label", wildcard("*.coder.example.com")),
		passes("a wildcard with a suffix", wildcard("*-apps.example.com")),
		passes("with a port", wildcard("*.coder.example.com:8443")),
		fires("a scheme", "has a scheme", wildcard("https://*.coder.example.com")),
		fires("no asterisk", "exactly one asterisk", wildcard("coder.example.com")),
		fires("the asterisk in the middle", "elsewhere than at the beginning", wildcard("apps-*.example.com")),
		fires("one label", "fewer than two labels", wildcard("*")),
		fires("an underscore", "not valid in a host name", wildcard("*.my_coder.example.com")),
	)
}

func TestListen(t *testing.T) {
	httpIs := func(address string) func(*world) {
		return func(w *world) { w.set("CODER_HTTP_ADDRESS", address) }
	}
	judge(t, "http-address-loopback",
		passes("all addresses", nil),
		passes("all addresses without a host", httpIs(":8080")),
		passes("all IPv6 addresses", httpIs("[::]:8080")),
		fires("loopback", "listens on loopback", httpIs("127.0.0.1:8080")),
		fires("not set, which is loopback", "listens on loopback", func(w *world) { w.unset("CODER_HTTP_ADDRESS") }),
		passes("not set, but the older name is", func(w *world) { w.unset("CODER_HTTP_ADDRESS"); w.set("CODER_ADDRESS", "0.0.0.0:8080") }),
		skips("one replica", "one replica", func(w *world) { w.replicas(1); w.unset("CODER_HTTP_ADDRESS") }),
		passes("peers and users have the TLS listener", func(w *world) { httpsRelay(w); httpIs("127.0.0.1:8080")(w) }),
	)
	judge(t, "http-address-invalid",
		passes("an address", nil),
		fires("an asterisk", "cannot listen on *", httpIs("*:80")),
		fires("an asterisk for TLS", "cannot listen on *", func(w *world) { tlsOn(w); w.set("CODER_TLS_ADDRESS", "*:8443") }),
		fires("no port", "not HOST:PORT", httpIs("0.0.0.0")),
		fires("a port alone", "not HOST:PORT", httpIs("8080")),
		fires("a URL", "not HOST:PORT", httpIs("http://0.0.0.0:8080")),
		fires("a variable that nothing defines", "does not expand", httpIs("0.0.0.0:$(PORT)")),
		passes("a port behind a colon", httpIs(":8080")),
		passes("an address of IPv6", httpIs("[::]:8080")),
		passes("the pod's own address", func(w *world) {
			w.container().Env = append([]corev1.EnvVar{field("ADDRESS", "status.podIP")}, w.container().Env...)
			w.set("CODER_HTTP_ADDRESS", "$(ADDRESS):8080")
		}),
		passes("an asterisk for TLS, which is off", func(w *world) { w.set("CODER_TLS_ADDRESS", "*:8443") }),
	)
}

func TestFrontends(t *testing.T) {
	judge(t, "derp-upgrade-blocked",
		skips("no Istio", "no Istio", with(ingress)),
		warns("an Istio VirtualService", "drops the DERP upgrade", with(virtualService)),
		passes("an EnvoyFilter lets it through", with(virtualService, envoyFilter)),
		passes("websockets are forced", func(w *world) { with(virtualService)(w); w.set("CODER_DERP_FORCE_WEBSOCKETS", "true") }),
		warns("an Istio sidecar", "drops the DERP upgrade", func(w *world) {
			w.workload.Spec.Template.Annotations = map[string]string{"sidecar.istio.io/inject": "true"}
		}),
		warns("a Gateway of Istio", "drops the DERP upgrade", with(
			"{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: gw, namespace: coder}, spec: {gatewayClassName: istio}}",
			"{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: coder, namespace: coder}, spec: {parentRefs: [{name: gw}], hostnames: [coder.example.com], rules: [{backendRefs: [{name: coder, port: 80}]}]}}",
		)),
		skips("custom relays", "embedded relay is off", func(w *world) { with(virtualService)(w); customRelays(w) }),
	)
	trust := func(headers, origins string) func(*world) {
		return func(w *world) {
			with(ingress)(w)
			w.set("CODER_PROXY_TRUSTED_HEADERS", headers)
			w.set("CODER_PROXY_TRUSTED_ORIGINS", origins)
		}
	}
	judge(t, "proxy-trusted-headers",
		skips("nothing in front", "no Ingress or route", nil),
		advises("an Ingress that Coder does not know", "proxy's address", with(ingress)),
		passes("both set", trust("X-Forwarded-For", "10.0.0.0/8, fd00::/8")),
		advises("one set", "proxy's address", trust("X-Forwarded-For", "")),
		fires("no CIDR", "not a CIDR", trust("X-Forwarded-For", "10.0.0.1")),
	)
}
