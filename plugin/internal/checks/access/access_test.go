package access

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func accessIs(url string) func(*checktest.World) {
	return func(w *checktest.World) { w.Set("CODER_ACCESS_URL", url) }
}

const (
	ingress        = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: coder, namespace: coder}, spec: {ingressClassName: nginx, rules: [{host: coder.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: coder, port: {name: http}}}}]}}]}}"
	virtualService = "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: coder, namespace: coder}, spec: {hosts: [coder.example.com], http: [{route: [{destination: {host: coder.coder.svc.cluster.local}}]}]}}"
	istioGateway   = "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gw, namespace: coder}, spec: {selector: {istio: ingressgateway}}}"
	gatewayOfIstio = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: gw, namespace: coder}, spec: {gatewayClassName: istio}}"
	routeToCoder   = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: coder, namespace: coder}, spec: {parentRefs: [{name: gw}], hostnames: [coder.example.com], rules: [{backendRefs: [{name: coder, port: 80}]}]}}"
	envoyFilter    = "{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: derp, namespace: istio-system}, spec: {configPatches: [{applyTo: NETWORK_FILTER, patch: {operation: MERGE, value: {typed_config: {upgrade_configs: [{upgrade_type: derp}]}}}}]}}"
)

func urlCases(_ *testing.T, c *checktest.Cases) {
	c.About("access-url-missing",
		checktest.Passes("set", nil),
		checktest.Fires("not set", "the access URL is not set: coderd would open a public tunnel", func(w *checktest.World) { w.Unset("CODER_ACCESS_URL") }),
		checktest.Fires("not set, one replica", "the access URL is not set: coderd would open a public tunnel", func(w *checktest.World) { w.Unset("CODER_ACCESS_URL"); w.Replicas(1) }),
		checktest.Skips("a Secret that is not there may set it", "Secret coder/more", func(w *checktest.World) { w.Unset("CODER_ACCESS_URL"); w.EnvFromSecret("more") }),
	)
	c.About("access-url-invalid",
		checktest.Passes("https", nil),
		checktest.Fires("no scheme", "no scheme", accessIs("coder.example.com")),
		checktest.Fires("another scheme", "scheme is not", accessIs("ftp://coder.example.com")),
		checktest.Fires("differs between replicas", "differs from that of replica coder-0", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("POD_NAME", "metadata.name")}, w.Container().Env...)
			accessIs("https://$(POD_NAME).example.com")(w)
		}),
		checktest.Passes("with a port and a slash", accessIs("https://coder.example.com:8443/")),
	)
	c.About("access-url-loopback",
		checktest.Passes("the load balancer", nil),
		checktest.Fires("localhost", "points back", accessIs("http://localhost:8080")),
		checktest.Fires("loopback", "points back", accessIs("http://127.0.0.1")),
		checktest.Fires("the pod IP", "one replica's own address", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("KUBE_POD_IP", "status.podIP")}, w.Container().Env...)
			accessIs("http://$(KUBE_POD_IP):8080")(w)
		}),
		checktest.Fires("one replica by name", "one replica's own address", accessIs("http://coder-0.coder-replicas:8080")),
		checktest.Passes("a name that only begins so", accessIs("http://coder-0x.example.com")),
		checktest.Fires("a Service of one replica", "replica coder-1 alone", func(w *checktest.World) {
			w.Extra = append(w.Extra, "{apiVersion: v1, kind: Service, metadata: {name: one, namespace: coder}, spec: {selector: {statefulset.kubernetes.io/pod-name: coder-1}, ports: [{port: 80}]}}")
			accessIs("http://one")(w)
		}),
	)
	c.About("access-url-cluster-default",
		checktest.Passes("an outside name", nil),
		checktest.Warns("the Service's name, and it is a load balancer", "type LoadBalancer", accessIs("http://coder.coder.svc.cluster.local")),
		checktest.Warns("the Service's name, and an Ingress exposes it", "Ingress coder exposes", func(w *checktest.World) {
			w.Service.Spec.Type = corev1.ServiceTypeClusterIP
			checktest.With(ingress)(w)
			accessIs("http://coder.coder.svc.cluster.local")(w)
		}),
		checktest.Warns("the Service's name, and Traefik exposes it", "IngressRoute coder exposes", func(w *checktest.World) {
			w.Service.Spec.Type = corev1.ServiceTypeClusterIP
			checktest.With("{apiVersion: traefik.io/v1alpha1, kind: IngressRoute, metadata: {name: coder, namespace: coder}, spec: {routes: [{match: Host(`coder.example.com`), kind: Rule, services: [{name: coder, port: 80}]}]}}")(w)
			accessIs("http://coder.coder.svc.cluster.local")(w)
		}),
		checktest.Warns("the Service's name, and Contour exposes it", "HTTPProxy coder exposes", func(w *checktest.World) {
			w.Service.Spec.Type = corev1.ServiceTypeClusterIP
			checktest.With("{apiVersion: projectcontour.io/v1, kind: HTTPProxy, metadata: {name: coder, namespace: coder}, spec: {virtualhost: {fqdn: coder.example.com}, routes: [{services: [{name: coder, port: 80}]}]}}")(w)
			accessIs("http://coder.coder.svc.cluster.local")(w)
		}),
		checktest.Skips("the Service's name, and nothing in the input exposes it", "whether users come from outside the cluster is not in the input", func(w *checktest.World) {
			w.Service.Spec.Type = corev1.ServiceTypeClusterIP
			accessIs("http://coder.coder.svc.cluster.local")(w)
		}),
	)
	wildcard := func(pattern string) func(*checktest.World) {
		return func(w *checktest.World) { w.Set("CODER_WILDCARD_ACCESS_URL", pattern) }
	}
	c.About("wildcard-access-url-invalid",
		checktest.Skips("not set", "not set", nil),
		checktest.Passes("a wildcard label", wildcard("*.coder.example.com")),
		checktest.Passes("a wildcard with a suffix", wildcard("*-apps.example.com")),
		checktest.Passes("with a port", wildcard("*.coder.example.com:8443")),
		checktest.Fires("a scheme", "has a scheme", wildcard("https://*.coder.example.com")),
		checktest.Fires("no asterisk", "exactly one asterisk", wildcard("coder.example.com")),
		checktest.Fires("the asterisk in the middle", "the wildcard access URL has an asterisk that is not its first character", wildcard("apps-*.example.com")),
		checktest.Fires("one label", "fewer than two labels", wildcard("*")),
		checktest.Fires("an underscore", "the wildcard access URL has a label that is not valid in a hostname", wildcard("*.my_coder.example.com")),
	)
}

func listenCases(_ *testing.T, c *checktest.Cases) {
	httpIs := func(address string) func(*checktest.World) {
		return func(w *checktest.World) { w.Set("CODER_HTTP_ADDRESS", address) }
	}
	c.About("http-address-loopback",
		checktest.Passes("all addresses", nil),
		checktest.Passes("all addresses without a host", httpIs(":8080")),
		checktest.Passes("all IPv6 addresses", httpIs("[::]:8080")),
		checktest.Fires("loopback", "listens on loopback", httpIs("127.0.0.1:8080")),
		checktest.Fires("not set, which is loopback", "listens on loopback", func(w *checktest.World) { w.Unset("CODER_HTTP_ADDRESS") }),
		checktest.Passes("not set, but the older name is", func(w *checktest.World) { w.Unset("CODER_HTTP_ADDRESS"); w.Set("CODER_ADDRESS", "0.0.0.0:8080") }),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { w.Replicas(1); w.Unset("CODER_HTTP_ADDRESS") }),
		checktest.Fires("peers have the TLS listener, on its default address", "listens on loopback", func(w *checktest.World) {
			checktest.ServeTLS(w)
			w.Unset("CODER_TLS_ADDRESS")
			checktest.RelayIs("https://$(KUBE_POD_IP):3443")(w)
		}),
		checktest.Fires("CODER_ADDRESS without parts, which counts as not set", "listens on loopback", func(w *checktest.World) { httpIs("127.0.0.1:8080")(w); w.Set("CODER_ADDRESS", ":") }),
		checktest.Passes("peers and users have the TLS listener", func(w *checktest.World) { checktest.HTTPSRelay(w); httpIs("127.0.0.1:8080")(w) }),
	)
	c.About("http-address-loopback",
		checktest.Passes("CODER_ADDRESS takes its place", func(w *checktest.World) {
			w.Set("CODER_HTTP_ADDRESS", "127.0.0.1:3000")
			w.Set("CODER_ADDRESS", "0.0.0.0:8080")
		}),
		checktest.Fires("CODER_ADDRESS takes the place of a good one", "listens on loopback", func(w *checktest.World) { w.Set("CODER_ADDRESS", "127.0.0.1:8080") }),
		checktest.Fires("TLS alone, on its default address", "listens on loopback", func(w *checktest.World) {
			w.Set("CODER_HTTP_ADDRESS", "")
			w.Set("CODER_TLS_ENABLE", "true")
		}),
		checktest.Fires("an empty address, which Coder 2.33 takes for none", "listens on loopback", func(w *checktest.World) {
			w.Set("CODER_HTTP_ADDRESS", "")
			w.Version("v2.33.0")
		}),
	)
	c.About("http-address-invalid",
		checktest.Fires("an empty address without TLS", "coderd does not start: the address for plain HTTP is empty", func(w *checktest.World) { w.Set("CODER_HTTP_ADDRESS", "") }),
		checktest.Passes("an empty address with TLS", func(w *checktest.World) { checktest.ServeTLS(w); w.Set("CODER_HTTP_ADDRESS", "") }),
		checktest.Passes("an empty address, which Coder 2.33 takes for none", func(w *checktest.World) {
			w.Set("CODER_HTTP_ADDRESS", "")
			w.Version("v2.33.0")
		}),
		checktest.Fires("an empty TLS address with TLS", "the value of CODER_TLS_ADDRESS is empty", func(w *checktest.World) { checktest.ServeTLS(w); w.Set("CODER_TLS_ADDRESS", "") }),
		checktest.Passes("an address", nil),
		checktest.Fires("an asterisk", "cannot listen on *", httpIs("*:80")),
		checktest.Fires("an asterisk for TLS", "cannot listen on *", func(w *checktest.World) { checktest.ServeTLS(w); w.Set("CODER_TLS_ADDRESS", "*:8443") }),
		checktest.Fires("no port", "not HOST:PORT", httpIs("0.0.0.0")),
		checktest.Fires("a port alone", "not HOST:PORT", httpIs("8080")),
		checktest.Fires("a URL", "not HOST:PORT", httpIs("http://0.0.0.0:8080")),
		checktest.Fires("a variable that nothing defines", "does not expand", httpIs("0.0.0.0:$(PORT)")),
		checktest.Passes("a port behind a colon", httpIs(":8080")),
		checktest.Fires("an address that one pod can have", "at most one of the pods can have the address 10.0.0.5", httpIs("10.0.0.5:8080")),
		checktest.Passes("an address that the one pod may have", func(w *checktest.World) { w.Replicas(1); httpIs("10.0.0.5:8080")(w) }),
		checktest.Passes("loopback, which every pod has", httpIs("127.0.0.1:8080")),
		checktest.Skips("an address that nodes may share", "every node", func(w *checktest.World) { w.Pod().HostNetwork = true; httpIs("10.0.0.5:8080")(w) }),
		checktest.Fires("the node's address", "does not have the address of its node", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("NODE", "status.hostIP")}, w.Container().Env...)
			httpIs("$(NODE):8080")(w)
		}),
		checktest.Passes("the node's address on its network", func(w *checktest.World) {
			w.Pod().HostNetwork = true
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("NODE", "status.hostIP")}, w.Container().Env...)
			httpIs("$(NODE):8080")(w)
		}),
		checktest.Fires("an empty TLS address without TLS", "the value of CODER_TLS_ADDRESS is empty", func(w *checktest.World) { w.Set("CODER_TLS_ADDRESS", "") }),
		checktest.Passes("an empty TLS address, which Coder 2.33 takes for none", func(w *checktest.World) { w.Version("v2.33.0"); w.Set("CODER_TLS_ADDRESS", "") }),
		checktest.Passes("an address of IPv6", httpIs("[::]:8080")),
		checktest.Passes("the pod's own address", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("ADDRESS", "status.podIP")}, w.Container().Env...)
			w.Set("CODER_HTTP_ADDRESS", "$(ADDRESS):8080")
		}),
		checktest.Passes("an asterisk for TLS, which is off", func(w *checktest.World) { w.Set("CODER_TLS_ADDRESS", "*:8443") }),
	)
}

func frontendsCases(_ *testing.T, c *checktest.Cases) {
	injected := func(w *checktest.World) {
		w.Workload.Spec.Template.Annotations = map[string]string{"sidecar.istio.io/inject": "true"}
	}
	c.About("derp-upgrade-blocked",
		checktest.Skips("no Istio", "no Istio", checktest.With(ingress)),
		checktest.Warns("an Istio VirtualService", "Istio does not allow the DERP upgrade", checktest.With(virtualService)),
		checktest.Passes("an EnvoyFilter lets it through", checktest.With(virtualService, envoyFilter)),
		checktest.Passes("websockets are forced", func(w *checktest.World) {
			checktest.With(virtualService)(w)
			w.Set("CODER_DERP_FORCE_WEBSOCKETS", "true")
		}),
		checktest.Warns("an EnvoyFilter in the replicas' namespace, where the gateway is not", "Istio does not allow the DERP upgrade", checktest.With(
			istioGateway, strings.Replace(virtualService, "spec: {", "spec: {gateways: [gw], ", 1), strings.Replace(envoyFilter, "istio-system", "coder", 1),
		)),
		checktest.Skips("an EnvoyFilter in the replicas' namespace, and the gateway is not in the input", "in which namespace its proxies run", checktest.With(
			strings.Replace(virtualService, "spec: {", "spec: {gateways: [gw], ", 1), strings.Replace(envoyFilter, "istio-system", "coder", 1),
		)),
		checktest.Passes("an EnvoyFilter beside a Gateway in another namespace", checktest.With(
			strings.Replace(virtualService, "spec: {", "spec: {gateways: [ingress/gw], ", 1), strings.Replace(envoyFilter, "istio-system", "ingress", 1),
		)),
		checktest.Warns("an EnvoyFilter for other proxies", "Istio does not allow the DERP upgrade", checktest.With(
			istioGateway, strings.Replace(virtualService, "spec: {", "spec: {gateways: [gw], ", 1), strings.Replace(envoyFilter, "spec: {", "spec: {workloadSelector: {labels: {istio: egressgateway}}, ", 1),
		)),
		checktest.Warns("an EnvoyFilter for sidecars only", "Istio does not allow the DERP upgrade", checktest.With(
			virtualService, strings.Replace(envoyFilter, "applyTo: NETWORK_FILTER,", "applyTo: NETWORK_FILTER, match: {context: SIDECAR_INBOUND},", 1),
		)),
		checktest.Warns("a VirtualService in another namespace", "Istio does not allow the DERP upgrade", checktest.With(strings.Replace(virtualService, "namespace: coder}", "namespace: routes}", 1))),
		checktest.Skips("a VirtualService for a Service of the same name elsewhere", "no Istio", checktest.With(strings.Replace(virtualService, "coder.coder.svc.cluster.local", "coder.other.svc.cluster.local", 1))),
		checktest.Skips("a VirtualService that leaves TLS alone", "no Istio", checktest.With(strings.Replace(virtualService, "http: [", "tls: [", 1))),
		checktest.Warns("sidecars between replicas", "between replicas", injected),
		checktest.Warns("sidecars between replicas, with websockets for clients", "between replicas", func(w *checktest.World) {
			injected(w)
			w.Set("CODER_DERP_FORCE_WEBSOCKETS", "true")
		}),
		checktest.Passes("one replica behind a sidecar, with websockets for clients", func(w *checktest.World) {
			injected(w)
			w.Replicas(1)
			w.Set("CODER_DERP_FORCE_WEBSOCKETS", "true")
		}),
		checktest.Passes("sidecars with a filter in the root namespace", func(w *checktest.World) { injected(w); checktest.With(envoyFilter)(w) }),
		checktest.Passes("sidecars with a filter in their own namespace", func(w *checktest.World) {
			injected(w)
			checktest.With(strings.Replace(envoyFilter, "istio-system", "coder", 1))(w)
		}),
		checktest.Warns("sidecars with a filter in another namespace", "between replicas", func(w *checktest.World) {
			injected(w)
			checktest.With(strings.Replace(envoyFilter, "istio-system", "other", 1))(w)
		}),
		checktest.Skips("sidecars that leave the relay port alone", "no Istio", func(w *checktest.World) {
			injected(w)
			w.Workload.Spec.Template.Annotations["traffic.sidecar.istio.io/excludeInboundPorts"] = "8080,6222"
		}),
		checktest.Warns("a Gateway of Istio", "Istio does not allow the DERP upgrade", checktest.With(gatewayOfIstio, routeToCoder)),
		checktest.Warns("a Gateway of Istio, and a route in another namespace", "Istio does not allow the DERP upgrade", checktest.With(gatewayOfIstio,
			"{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: coder, namespace: routes}, spec: {parentRefs: [{name: gw, namespace: coder}], hostnames: [coder.example.com], rules: [{backendRefs: [{name: coder, namespace: coder, port: 80}]}]}}",
		)),
		checktest.Skips("a route to a Service of that name in its own namespace", "no Istio", checktest.With(gatewayOfIstio, strings.Replace(strings.Replace(routeToCoder, "namespace: coder}", "namespace: routes}", 1), "{name: gw}", "{name: gw, namespace: coder}", 1))),
		checktest.Passes("a Gateway of Istio, and a filter beside it", checktest.With(gatewayOfIstio, routeToCoder, strings.Replace(envoyFilter, "istio-system", "coder", 1))),
		checktest.Skips("custom relays", "embedded relay is off", func(w *checktest.World) { checktest.With(virtualService)(w); checktest.CustomRelays(w) }),
	)
	trust := func(headers, origins string) func(*checktest.World) {
		return func(w *checktest.World) {
			checktest.With(ingress)(w)
			w.Set("CODER_PROXY_TRUSTED_HEADERS", headers)
			w.Set("CODER_PROXY_TRUSTED_ORIGINS", origins)
		}
	}
	c.About("proxy-trusted-headers",
		checktest.Skips("nothing in front", "no Ingress or route", nil),
		checktest.Advises("an Ingress that Coder does not know", "Coder takes the address of the proxy for the address of the user", checktest.With(ingress)),
		checktest.Passes("both set", trust("X-Forwarded-For", "10.0.0.0/8,fd00::/8")),
		checktest.Advises("one set", "Coder takes the address of the proxy for the address of the user", trust("X-Forwarded-For", "")),
		checktest.Fires("a space between two", "not a CIDR", trust("X-Forwarded-For", "10.0.0.0/8, fd00::/8")),
		checktest.Fires("no CIDR", "not a CIDR", trust("X-Forwarded-For", "10.0.0.1")),
	)
}
