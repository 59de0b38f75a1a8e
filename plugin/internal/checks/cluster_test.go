package checks

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const clusterVar = "CODER_CLUSTER_HOST"

func clusterIs(host string) func(*world) { return func(w *world) { w.set(clusterVar, host) } }

func TestClusterHost(t *testing.T) {
	noAddress := func(w *world) { w.unset(clusterVar); w.unset(relayVar) }
	judge(t, "cluster-host-missing",
		passes("the pod IP", nil),
		passes("the relay URL's host serves as well", func(w *world) { w.unset(clusterVar) }),
		fires("neither is set", "neither", noAddress),
		fires("neither is set, and the version is unknown", "neither", func(w *world) { noAddress(w); w.version("main") }),
		skips("Coder 2.37 needs none", "experiment nats_pubsub", func(w *world) { noAddress(w); w.version("v2.37.1") }),
		fires("Coder 2.36 with NATS by choice", "neither", func(w *world) {
			noAddress(w)
			w.version("v2.36.0")
			w.set("CODER_EXPERIMENTS", "nats_pubsub")
		}),
		skips("Coder 2.34 has no NATS", "no NATS pubsub", func(w *world) {
			noAddress(w)
			w.version("v2.34.0")
			w.set("CODER_EXPERIMENTS", "nats_pubsub")
		}),
		skips("NATS is turned off", "no_nats_pubsub", func(w *world) { noAddress(w); w.set("CODER_EXPERIMENTS", "a,no_nats_pubsub") }),
		skips("one replica", "one replica", func(w *world) { noAddress(w); w.replicas(1) }),
	)
	judge(t, "cluster-host-custom-relays",
		skips("the embedded relay", "embedded relay is on", nil),
		passes("custom relays with a cluster host", customRelays),
		fires("custom relays without", "custom relays", func(w *world) { customRelays(w); w.unset(clusterVar) }),
		skips("custom relays without, before NATS", "nats_pubsub", func(w *world) { customRelays(w); w.unset(clusterVar); w.version("v2.37.0") }),
	)
	judge(t, "cluster-host-not-ip",
		passes("the pod IP", nil),
		passes("an IPv6 address", clusterIs("fd00::1")),
		warns("a name", "is a name", clusterIs("coder-0.coder-replicas")),
		warns("the relay URL's name, where that is taken", "is a name", func(w *world) {
			w.container().Env = append([]corev1.EnvVar{field("POD_NAME", "metadata.name")}, w.container().Env...)
			w.unset(clusterVar)
			relayIs("http://$(POD_NAME).coder-replicas:8080")(w)
		}),
		skips("Coder 2.34 does not know it", "does not know", func(w *world) { w.version("v2.34.0"); clusterIs("a.example.com")(w) }),
	)
	judge(t, "cluster-host-malformed",
		passes("the pod IP", nil),
		passes("an IPv6 address", clusterIs("fd00::1")),
		passes("the pod IP of a Deployment, whose pods have no names yet", func(w *world) { w.workload.Kind = "Deployment" }),
		fires("the pod IP in brackets", "brackets", clusterIs("[$(KUBE_POD_IP)]")),
		fires("a scheme", "a scheme", clusterIs("http://10.0.0.1")),
		fires("a port", "a port", clusterIs("10.0.0.1:6222")),
		fires("brackets", "brackets", clusterIs("[fd00::1]")),
		fires("unexpanded", "does not expand", clusterIs("$(POD_IPX)")),
	)
	judge(t, "cluster-host-shared",
		passes("each pod has its IP", nil),
		fires("one for all", "coder-0 and coder-1", clusterIs("10.0.0.1")),
		fires("loopback", "this machine itself", clusterIs("127.0.0.1")),
		fires("unspecified", "this machine itself", clusterIs("::")),
		skips("one replica", "one replica", func(w *world) { w.replicas(1); clusterIs("127.0.0.1")(w) }),
	)
	judge(t, "cluster-host-ipv6",
		passes("IPv4 pods", nil),
		advises("IPv6 and a version that may have it mended", "check that your version", clusterIs("fd00::1")),
		fires("IPv6 and Coder 2.36 with NATS", "cannot form", func(w *world) {
			w.version("v2.36.2")
			w.set("CODER_EXPERIMENTS", "nats_pubsub")
			w.service.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol}
		}),
		passes("IPv4 in IPv6 form", clusterIs("::ffff:10.0.0.1")),
		skips("IPv6 without NATS", "no_nats_pubsub", func(w *world) { w.set("CODER_EXPERIMENTS", "no_nats_pubsub"); clusterIs("fd00::1")(w) }),
	)
}

func policy(spec string) func(*world) {
	return func(w *world) {
		w.extra = append(w.extra, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: coder, namespace: coder}, spec: "+spec+"}")
	}
}

const (
	anyCoder = "{matchLabels: {app.kubernetes.io/name: coder}}"
	// outside lets everything out that coderd needs but for other replicas.
	outside = "{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 5432}]}, {ports: [{port: 443}]}"
	// inside lets everything out but to the database.
	inside = "{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 8080}, {port: 6222}, {port: 443}]}"
)

func TestNetworkPolicy(t *testing.T) {
	const id = "network-policy-blocks-replicas"
	plainURL := func(url string, change func(*world)) func(*world) {
		return func(w *world) { w.set("CODER_PG_CONNECTION_URL", url); change(w) }
	}
	judge(t, id,
		skips("no policy", "no NetworkPolicy", nil),
		skips("a policy for other pods", "no NetworkPolicy", policy("{podSelector: {matchLabels: {app: other}}, ingress: []}")),
		fires("all ingress denied", "the relay port of replicas", policy("{podSelector: {}, policyTypes: [Ingress]}")),
		passes("all ingress allowed", policy("{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}")),
		fires("6222 forgotten", "the pubsub port", policy("{podSelector: "+anyCoder+", ingress: [{ports: [{port: 8080}]}]}")),
		passes("6222 forgotten, before NATS", func(w *world) {
			w.version("v2.37.0")
			policy("{podSelector: " + anyCoder + ", ingress: [{ports: [{port: 8080}]}]}")(w)
		}),
		passes("both by number, from the pods themselves", policy("{podSelector: "+anyCoder+", ingress: [{from: [{podSelector: "+anyCoder+"}], ports: [{port: 8080}, {port: 6222}]}]}")),
		passes("by name and range", policy("{podSelector: "+anyCoder+", ingress: [{ports: [{port: http}, {port: 6000, endPort: 7000}]}]}")),
		fires("from others only", "the relay port", policy("{podSelector: "+anyCoder+", ingress: [{from: [{podSelector: {matchLabels: {app: nginx}}}]}]}")),
		passes("two policies together", func(w *world) {
			policy("{podSelector: " + anyCoder + ", ingress: [{ports: [{port: 8080}]}]}")(w)
			w.extra = append(w.extra, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: more, namespace: coder}, spec: {podSelector: {}, ingress: [{ports: [{port: 6222}]}]}}")
		}),
		skips("one of another namespace", "no NetworkPolicy", func(w *world) {
			w.extra = append(w.extra, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: x, namespace: other}, spec: {podSelector: {}}}")
		}),
		fires("egress to replicas forgotten", "to the relay port", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+"]}")),
		passes("egress complete", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {ports: [{port: 8080}, {port: 6222}]}]}")),
		fires("no DNS", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5432}, {port: 443}, {port: 8080}, {port: 6222}]}]}")),
		fires("DNS by TCP only", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}, {port: 5432}, {port: 443}, {port: 8080}, {port: 6222}]}]}")),
		fires("no Postgres, whose URL is in a Secret", "to Postgres", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 443}, {port: 8080}, {port: 6222}]}]}")),
		fires("another port than the URL's", "to Postgres", plainURL("postgres://c:x@db.example.com:6432/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {ports: [{port: 8080}, {port: 6222}]}]}"))),
		fires("the database's address is excepted", "to Postgres", plainURL("postgres://c:x@10.1.2.3/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}, {to: [{podSelector: "+anyCoder+"}]}]}"))),
		fires("replicas only", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: "+anyCoder+"}]}]}")),
		fires("no access URL", "to the access URL", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 5432}, {port: 8080}, {port: 6222}]}]}")),
		passes("a label of a namespace that is not in the input", policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}")),
		fires("a label that the namespace does not have", "the relay port", func(w *world) {
			policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}")(w)
			w.extra = append(w.extra, "{apiVersion: v1, kind: Namespace, metadata: {name: coder}}")
		}),
		fires("another namespace by name", "the relay port", policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}]}]}")),
		fires("all addresses but private ones", "to the relay port", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}}]}, {to: [{ipBlock: {cidr: '::/0'}}]}]}")),
		passes("all addresses but some private ones", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.1.0.0/16]}}]}]}")),
		passes("a block of carrier addresses", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 100.64.0.0/10}}]}]}")),
		fires("a block of the internet", "to the relay port", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}")),
		fires("DNS in the own namespace only", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}, {ports: [{port: 5432}, {port: 443}]}]}")),
		passes("a database that the pod reaches on its own machine", plainURL("postgres://c:x@127.0.0.1:5432/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 443}, {port: 8080}, {port: 6222}]}]}"))),
		passes("a block of benchmark addresses", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 198.19.0.0/16}}]}]}")),
		passes("a block of class E", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 240.10.0.0/16}}]}]}")),
		fires("a database in another namespace, pods of the own one", "to Postgres", plainURL("postgres://c:x@pg.data.svc.cluster.local/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{podSelector: {matchLabels: {app: pg}}}], ports: [{port: 5432}]}]}"))),
		fires("a database in another namespace, a third one allowed", "to Postgres", plainURL("postgres://c:x@pg.data.svc/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}], ports: [{port: 5432}]}]}"))),
		passes("a database in another namespace, which is allowed", plainURL("postgres://c:x@pg.data.svc/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}}], ports: [{port: 5432}]}]}"))),
		passes("a database in another namespace, allowed by labels", plainURL("postgres://c:x@pg.data.svc/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{namespaceSelector: {matchLabels: {team: data}}}], ports: [{port: 5432}]}]}"))),
		passes("a database in the own namespace", plainURL("postgres://c:x@pg.coder.svc/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{podSelector: {matchLabels: {app: pg}}}], ports: [{port: 5432}]}]}"))),
		fires("the access URL is the Service, and only its own port is allowed", "to the access URL", func(w *world) {
			w.set("CODER_ACCESS_URL", "http://coder.coder.svc.cluster.local")
			w.service.Spec.Ports[0].TargetPort = intstr.FromInt32(8443)
			policy("{podSelector: {}, policyTypes: [Egress], egress: [" + outside + ", {ports: [{port: 80}, {port: 8080}, {port: 6222}]}]}")(w)
		}),
		passes("no database, one replica", func(w *world) {
			w.replicas(1)
			w.unset("CODER_PG_CONNECTION_URL")
			policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 443}]}]}")(w)
		}),
		passes("the access URL is the Service, whose pods are allowed", func(w *world) {
			w.set("CODER_ACCESS_URL", "http://coder.coder.svc.cluster.local")
			policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 5432}, {port: 8080}, {port: 6222}]}]}")(w)
		}),
	)
}

func TestClusterNetwork(t *testing.T) {
	annotate := func(pairs ...string) func(*world) {
		return func(w *world) {
			w.workload.Spec.Template.Annotations = map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				w.workload.Spec.Template.Annotations[pairs[i]] = pairs[i+1]
			}
		}
	}
	judge(t, "mesh-sidecar-ports",
		skips("no mesh", "no service mesh", nil),
		warns("Istio", "Istio takes over", annotate("sidecar.istio.io/inject", "true")),
		passes("Istio with 6222 excluded", annotate("sidecar.istio.io/inject", "true",
			"traffic.sidecar.istio.io/excludeInboundPorts", "6222", "traffic.sidecar.istio.io/excludeOutboundPorts", "5432,6222")),
		warns("Istio with one direction excluded", "Istio takes over", annotate("sidecar.istio.io/inject", "true", "traffic.sidecar.istio.io/excludeInboundPorts", "6222")),
		warns("Linkerd", "Linkerd takes over", annotate("linkerd.io/inject", "enabled")),
		passes("Linkerd with a range", annotate("linkerd.io/inject", "enabled",
			"config.linkerd.io/skip-inbound-ports", "6000-7000", "config.linkerd.io/skip-outbound-ports", "6222")),
		warns("Istio by the namespace", "Istio takes over", func(w *world) {
			w.extra = append(w.extra, "{apiVersion: v1, kind: Namespace, metadata: {name: coder, labels: {istio-injection: enabled}}}")
		}),
		skips("Istio by the namespace, but not for these pods", "no service mesh", func(w *world) {
			w.extra = append(w.extra, "{apiVersion: v1, kind: Namespace, metadata: {name: coder, labels: {istio-injection: enabled}}}")
			annotate("sidecar.istio.io/inject", "false")(w)
		}),
		warns("Istio that was injected before", "Istio takes over", func(w *world) {
			w.pod().Containers = append(w.pod().Containers, corev1.Container{Name: "istio-proxy"})
		}),
		warns("Linkerd as a native sidecar", "Linkerd takes over", func(w *world) {
			w.pod().InitContainers = append(w.pod().InitContainers, corev1.Container{Name: "linkerd-proxy"})
		}),
		skips("Istio before NATS", "nats_pubsub", func(w *world) { w.version("v2.37.0"); annotate("sidecar.istio.io/inject", "true")(w) }),
	)
	apart := func(labels map[string]string) func(*world) {
		return func(w *world) {
			w.pod().HostNetwork = true
			w.pod().Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
					TopologyKey: "kubernetes.io/hostname", LabelSelector: &metav1.LabelSelector{MatchLabels: labels},
				}},
			}}
		}
	}
	judge(t, "host-network-ports",
		skips("the pods' own network", "a network of their own", nil),
		fires("the host's network", "may land on one node", func(w *world) { w.pod().HostNetwork = true }),
		passes("kept apart", apart(podLabels)),
		fires("kept apart from somebody else", "may land on one node", apart(map[string]string{"app": "other"})),
		passes("host ports keep them apart", func(w *world) { w.pod().HostNetwork = true; w.container().Ports[0].HostPort = 8080 }),
		skips("one replica", "one replica", func(w *world) { w.pod().HostNetwork = true; w.replicas(1) }),
	)
}
