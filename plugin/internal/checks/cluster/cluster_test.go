package cluster

import (
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

const clusterVar = "CODER_CLUSTER_HOST"

func clusterIs(host string) func(*checktest.World) {
	return func(w *checktest.World) { w.Set(clusterVar, host) }
}

func hostCases(_ *testing.T, c *checktest.Cases) {
	noAddress := func(w *checktest.World) { w.Unset(clusterVar); w.Unset(coder.RelayURL) }
	c.About("cluster-host-missing",
		checktest.Passes("the pod IP", nil),
		checktest.Passes("the relay URL's host serves as well", func(w *checktest.World) { w.Unset(clusterVar) }),
		checktest.Fires("neither is set", "neither", noAddress),
		checktest.Passes("the pod IP, and the version is unknown", func(w *checktest.World) { w.Version("main") }),
		checktest.Skips("neither is set, and the version is unknown", "which one runs is not known", func(w *checktest.World) { noAddress(w); w.Version("main") }),
		checktest.Skips("neither is set, and the tag is a date", "which one runs is not known", func(w *checktest.World) { noAddress(w); w.Version("2026.11.2") }),
		checktest.Fires("neither is set, and a version before its release", "neither", func(w *checktest.World) { noAddress(w); w.Version("v2.38.0-rc.1") }),
		checktest.Fires("neither is set, of an unknown version with NATS by choice", "neither", func(w *checktest.World) {
			noAddress(w)
			w.Version("main")
			w.Set("CODER_EXPERIMENTS", "nats_pubsub")
		}),
		checktest.Skips("Coder 2.37 needs none", "experiment nats_pubsub", func(w *checktest.World) { noAddress(w); w.Version("v2.37.1") }),
		checktest.Fires("Coder 2.36 with NATS by choice", "neither", func(w *checktest.World) {
			noAddress(w)
			w.Version("v2.36.0")
			w.Set("CODER_EXPERIMENTS", "nats_pubsub")
		}),
		checktest.Skips("Coder 2.34 has no NATS", "no NATS pubsub", func(w *checktest.World) {
			noAddress(w)
			w.Version("v2.34.0")
			w.Set("CODER_EXPERIMENTS", "nats_pubsub")
		}),
		checktest.Skips("NATS is turned off", "no_nats_pubsub", func(w *checktest.World) { noAddress(w); w.Set("CODER_EXPERIMENTS", "a,no_nats_pubsub") }),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { noAddress(w); w.Replicas(1) }),
	)
	c.About("cluster-host-custom-relays",
		checktest.Skips("the embedded relay", "embedded relay is on", nil),
		checktest.Passes("custom relays with a cluster host", checktest.CustomRelays),
		checktest.Passes("custom relays with a relay URL, whose host is taken", func(w *checktest.World) { checktest.CustomRelays(w); w.Unset(clusterVar) }),
		checktest.Fires("custom relays with neither", "neither CODER_CLUSTER_HOST nor a relay URL is set", func(w *checktest.World) {
			checktest.CustomRelays(w)
			w.Unset(clusterVar)
			w.Unset(coder.RelayURL)
		}),
		checktest.Fires("custom relays without a relay URL in Coder 2.35", "Coder 2.35 drops peers without a relay URL", func(w *checktest.World) {
			checktest.CustomRelays(w)
			w.Unset(coder.RelayURL)
			w.Set("CODER_EXPERIMENTS", "nats_pubsub")
			w.Version("v2.35.1")
		}),
		checktest.Passes("custom relays without a relay URL in Coder 2.36", func(w *checktest.World) {
			checktest.CustomRelays(w)
			w.Unset(coder.RelayURL)
			w.Set("CODER_EXPERIMENTS", "nats_pubsub")
			w.Version("v2.36.1")
		}),
		checktest.Skips("custom relays without, before NATS", "nats_pubsub", func(w *checktest.World) { checktest.CustomRelays(w); w.Unset(clusterVar); w.Version("v2.37.0") }),
	)
	c.About("cluster-host-not-ip",
		checktest.Passes("the pod IP", nil),
		checktest.Passes("an IPv6 address", clusterIs("fd00::1")),
		checktest.Warns("a name", "the cluster host is a hostname, so mutual TLS between replicas is off", clusterIs("coder-0.coder-replicas")),
		checktest.Warns("the relay URL's name, where that is taken", "the cluster host is a hostname, so mutual TLS between replicas is off", func(w *checktest.World) {
			w.Container().Env = append([]corev1.EnvVar{checktest.Field("POD_NAME", "metadata.name")}, w.Container().Env...)
			w.Unset(clusterVar)
			checktest.RelayIs("http://$(POD_NAME).coder-replicas:8080")(w)
		}),
		checktest.Skips("Coder 2.34 has no such pubsub", "has no NATS pubsub", func(w *checktest.World) { w.Version("v2.34.0"); clusterIs("a.example.com")(w) }),
		checktest.Skips("Coder 2.36 uses it only by choice", "only with the experiment", func(w *checktest.World) { w.Version("v2.36.0"); clusterIs("a.example.com")(w) }),
		checktest.Warns("Coder 2.36 by choice, in any case of letters", "mutual TLS", func(w *checktest.World) {
			w.Version("v2.36.0")
			w.Set("CODER_EXPERIMENTS", "a,NATS_PubSub")
			clusterIs("a.example.com")(w)
		}),
		checktest.Skips("Coder 2.35 has only tokens", "no mutual TLS", func(w *checktest.World) {
			w.Version("v2.35.0")
			w.Set("CODER_EXPERIMENTS", "nats_pubsub")
			clusterIs("a.example.com")(w)
		}),
		checktest.Warns("an experiment with a space in front, which is none", "mutual TLS", func(w *checktest.World) {
			w.Set("CODER_EXPERIMENTS", "a, no_nats_pubsub")
			clusterIs("a.example.com")(w)
		}),
		checktest.Skips("a Secret that is not there says which experiments", "CODER_EXPERIMENTS: key e of Secret coder/more", func(w *checktest.World) {
			w.Put(corev1.EnvVar{Name: "CODER_EXPERIMENTS", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: "more"}, Key: "e",
			}}})
			clusterIs("a.example.com")(w)
		}),
	)
	c.About("cluster-host-malformed",
		checktest.Passes("the pod IP", nil),
		checktest.Passes("an IPv6 address", clusterIs("fd00::1")),
		checktest.Passes("the pod IP of a Deployment, whose pods have no names yet", func(w *checktest.World) { w.Workload.Kind = "Deployment" }),
		checktest.Fires("the pod IP in brackets", "brackets", clusterIs("[$(KUBE_POD_IP)]")),
		checktest.Fires("a scheme", "a scheme", clusterIs("http://10.0.0.1")),
		checktest.Fires("a port", "a port", clusterIs("10.0.0.1:6222")),
		checktest.Fires("brackets", "brackets", clusterIs("[fd00::1]")),
		checktest.Fires("unexpanded", "does not expand", clusterIs("$(POD_IPX)")),
	)
	c.About("cluster-host-shared",
		checktest.Passes("each pod has its IP", nil),
		checktest.Fires("one for all", "coder-0 and coder-1", clusterIs("10.0.0.1")),
		checktest.Fires("loopback", "the cluster host is loopback or unspecified: no peer can reach it", clusterIs("127.0.0.1")),
		checktest.Fires("unspecified", "the cluster host is loopback or unspecified: no peer can reach it", clusterIs("::")),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { w.Replicas(1); clusterIs("127.0.0.1")(w) }),
	)
	c.About("cluster-host-ipv6",
		checktest.Passes("IPv4 pods", nil),
		checktest.Advises("IPv6 and a version that may have it mended", "check that your version", clusterIs("fd00::1")),
		checktest.Fires("IPv6 and Coder 2.36 with NATS", "cannot form", func(w *checktest.World) {
			w.Version("v2.36.2")
			w.Set("CODER_EXPERIMENTS", "nats_pubsub")
			w.Options.PodIPFamily = "IPv6"
		}),
		checktest.Skips("nobody tells the family", "IP family", func(w *checktest.World) {
			w.Version("v2.36.2")
			w.Set("CODER_EXPERIMENTS", "nats_pubsub")
			w.Options.PodIPFamily = ""
		}),
		checktest.Passes("IPv4 in IPv6 form", clusterIs("::ffff:10.0.0.1")),
		checktest.Skips("IPv6 without NATS", "no_nats_pubsub", func(w *checktest.World) { w.Set("CODER_EXPERIMENTS", "no_nats_pubsub"); clusterIs("fd00::1")(w) }),
	)
}

func policy(spec string) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Extra = append(w.Extra, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: coder, namespace: coder}, spec: "+spec+"}")
	}
}

const (
	anyCoder = "{matchLabels: {app.kubernetes.io/name: coder}}"
	// outside lets everything out that coderd needs but for other replicas.
	outside = "{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 5432}]}, {ports: [{port: 443}]}"
	// inside lets everything out but to the database.
	inside = "{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 8080}, {port: 6222}, {port: 443}]}"
)

func policyCases(_ *testing.T, c *checktest.Cases) {
	const id = "network-policy-blocks-replicas"
	plainURL := func(url string, change func(*checktest.World)) func(*checktest.World) {
		return func(w *checktest.World) { w.Set("CODER_PG_CONNECTION_URL", url); change(w) }
	}
	c.About(id,
		checktest.Skips("no policy", "no NetworkPolicy", nil),
		checktest.Skips("a policy for other pods", "no NetworkPolicy", policy("{podSelector: {matchLabels: {app: other}}, ingress: []}")),
		checktest.Fires("all ingress denied", "the relay port of replicas", policy("{podSelector: {}, policyTypes: [Ingress]}")),
		checktest.Passes("all ingress allowed", policy("{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}")),
		checktest.Fires("6222 forgotten", "no NetworkPolicy allows traffic to the pubsub port of replicas from other replicas", policy("{podSelector: "+anyCoder+", ingress: [{ports: [{port: 8080}]}]}")),
		checktest.Skips("6222 forgotten, and an image by its digest", "which one runs is not known", func(w *checktest.World) {
			policy("{podSelector: " + anyCoder + ", ingress: [{ports: [{port: 8080}]}]}")(w)
			w.Container().Image = "ghcr.io/coder/coder@sha256:" + strings.Repeat("a", 64)
		}),
		checktest.Fires("both forgotten, and the version is unknown", "the relay port", func(w *checktest.World) {
			policy("{podSelector: " + anyCoder + ", ingress: [{ports: [{port: 2112}]}]}")(w)
			w.Version("main")
		}),
		checktest.Passes("6222 forgotten, before NATS", func(w *checktest.World) {
			w.Version("v2.37.0")
			policy("{podSelector: " + anyCoder + ", ingress: [{ports: [{port: 8080}]}]}")(w)
		}),
		checktest.Passes("both by number, from the pods themselves", policy("{podSelector: "+anyCoder+", ingress: [{from: [{podSelector: "+anyCoder+"}], ports: [{port: 8080}, {port: 6222}]}]}")),
		checktest.Passes("by name and range", policy("{podSelector: "+anyCoder+", ingress: [{ports: [{port: http}, {port: 6000, endPort: 7000}]}]}")),
		checktest.Fires("from others only", "the relay port", policy("{podSelector: "+anyCoder+", ingress: [{from: [{podSelector: {matchLabels: {app: nginx}}}]}]}")),
		checktest.Passes("two policies together", func(w *checktest.World) {
			policy("{podSelector: " + anyCoder + ", ingress: [{ports: [{port: 8080}]}]}")(w)
			w.Extra = append(w.Extra, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: more, namespace: coder}, spec: {podSelector: {}, ingress: [{ports: [{port: 6222}]}]}}")
		}),
		checktest.Skips("one of another namespace", "no NetworkPolicy", func(w *checktest.World) {
			w.Extra = append(w.Extra, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: x, namespace: other}, spec: {podSelector: {}}}")
		}),
		checktest.Fires("egress to replicas forgotten", "to the relay port", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+"]}")),
		checktest.Passes("egress complete", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {ports: [{port: 8080}, {port: 6222}]}]}")),
		checktest.Fires("no DNS", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5432}, {port: 443}, {port: 8080}, {port: 6222}]}]}")),
		checktest.Fires("DNS by TCP only", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}, {port: 5432}, {port: 443}, {port: 8080}, {port: 6222}]}]}")),
		checktest.Fires("no Postgres, whose URL is in a Secret", "to Postgres", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 443}, {port: 8080}, {port: 6222}]}]}")),
		checktest.Fires("another port than the URL's", "to Postgres", plainURL("postgres://c:x@db.example.com:6432/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {ports: [{port: 8080}, {port: 6222}]}]}"))),
		checktest.Fires("the database's address is excepted", "to Postgres", plainURL("postgres://c:x@10.1.2.3/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}, {to: [{podSelector: "+anyCoder+"}]}]}"))),
		checktest.Fires("replicas only", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: "+anyCoder+"}]}]}")),
		checktest.Fires("the access URL is not set: coderd would open a public tunnel", "to the access URL", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 5432}, {port: 8080}, {port: 6222}]}]}")),
		checktest.Passes("a label of a namespace that is not in the input", policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}")),
		checktest.Fires("a label that the namespace does not have", "the relay port", func(w *checktest.World) {
			policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}")(w)
			w.Extra = append(w.Extra, "{apiVersion: v1, kind: Namespace, metadata: {name: coder}}")
		}),
		checktest.Fires("another namespace by name", "the relay port", policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}]}]}")),
		checktest.Fires("all addresses but private ones", "to the relay port", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}}]}, {to: [{ipBlock: {cidr: '::/0'}}]}]}")),
		checktest.Passes("all addresses but some private ones", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.1.0.0/16]}}]}]}")),
		checktest.Passes("a block of carrier addresses", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 100.64.0.0/10}}]}]}")),
		checktest.Fires("a block of the internet", "to the relay port", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}")),
		checktest.Fires("DNS in the own namespace only", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}, {ports: [{port: 5432}, {port: 443}]}]}")),
		checktest.Fires("DNS in the own namespace only, by its name", "to DNS", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: coder}}}]}, {ports: [{port: 5432}, {port: 443}, {port: 8080}, {port: 6222}]}]}")),
		checktest.Passes("DNS in another namespace, by its name", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [coder, kube-system]}]}}]}, {ports: [{port: 5432}, {port: 443}, {port: 8080}, {port: 6222}]}]}")),
		checktest.Skips("pods on the host's network", "do not apply", func(w *checktest.World) {
			w.Pod().HostNetwork = true
			policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")(w)
		}),
		checktest.Passes("a database that the pod reaches on its own machine", plainURL("postgres://c:x@127.0.0.1:5432/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 443}, {port: 8080}, {port: 6222}]}]}"))),
		checktest.Passes("a block of benchmark addresses", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 198.19.0.0/16}}]}]}")),
		checktest.Passes("a block of class E", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+outside+", {to: [{ipBlock: {cidr: 240.10.0.0/16}}]}]}")),
		checktest.Fires("a database in another namespace, pods of the own one", "to Postgres", plainURL("postgres://c:x@pg.data.svc.cluster.local/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{podSelector: {matchLabels: {app: pg}}}], ports: [{port: 5432}]}]}"))),
		checktest.Fires("a database in another namespace, a third one allowed", "to Postgres", plainURL("postgres://c:x@pg.data.svc/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}], ports: [{port: 5432}]}]}"))),
		checktest.Passes("a database in another namespace, which is allowed", plainURL("postgres://c:x@pg.data.svc/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}}], ports: [{port: 5432}]}]}"))),
		checktest.Passes("a database in another namespace, allowed by labels", plainURL("postgres://c:x@pg.data.svc/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{namespaceSelector: {matchLabels: {team: data}}}], ports: [{port: 5432}]}]}"))),
		checktest.Passes("a database in the own namespace", plainURL("postgres://c:x@pg.coder.svc/coder", policy("{podSelector: {}, policyTypes: [Egress], egress: ["+inside+", {to: [{podSelector: {matchLabels: {app: pg}}}], ports: [{port: 5432}]}]}"))),
		checktest.Fires("the access URL is the Service, and only its own port is allowed", "to the access URL", func(w *checktest.World) {
			w.Set("CODER_ACCESS_URL", "http://coder.coder.svc.cluster.local")
			w.Service.Spec.Ports[0].TargetPort = intstr.FromInt32(8443)
			policy("{podSelector: {}, policyTypes: [Egress], egress: [" + outside + ", {ports: [{port: 80}, {port: 8080}, {port: 6222}]}]}")(w)
		}),
		checktest.Passes("no database, one replica", func(w *checktest.World) {
			w.Replicas(1)
			w.Unset("CODER_PG_CONNECTION_URL")
			policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 443}]}]}")(w)
		}),
		checktest.Passes("the access URL is the Service, whose pods are allowed", func(w *checktest.World) {
			w.Set("CODER_ACCESS_URL", "http://coder.coder.svc.cluster.local")
			policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}, {ports: [{port: 5432}, {port: 8080}, {port: 6222}]}]}")(w)
		}),
	)
}

func networkCases(_ *testing.T, c *checktest.Cases) {
	annotate := func(pairs ...string) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Workload.Spec.Template.Annotations = map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				w.Workload.Spec.Template.Annotations[pairs[i]] = pairs[i+1]
			}
		}
	}
	labeled := func(key, value string) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Workload.Spec.Template.Labels = maps.Clone(w.Workload.Spec.Template.Labels)
			w.Workload.Spec.Template.Labels[key] = value
		}
	}
	namespace := func(metadata string) func(*checktest.World) {
		return checktest.With("{apiVersion: v1, kind: Namespace, metadata: {name: coder, " + metadata + "}}")
	}
	c.About("mesh-sidecar-ports",
		checktest.Skips("no mesh", "nothing in the input adds a service mesh", nil),
		checktest.Warns("Istio", "Istio intercepts port 6222 between replicas", annotate("sidecar.istio.io/inject", "true")),
		checktest.Skips("Istio, and the version is unknown", "which one runs is not known", func(w *checktest.World) {
			annotate("sidecar.istio.io/inject", "true")(w)
			w.Version("latest")
		}),
		checktest.Passes("Istio with 6222 excluded", annotate("sidecar.istio.io/inject", "true",
			"traffic.sidecar.istio.io/excludeInboundPorts", "6222", "traffic.sidecar.istio.io/excludeOutboundPorts", "5432,6222")),
		checktest.Warns("Istio with one direction excluded", "Istio intercepts port 6222 between replicas", annotate("sidecar.istio.io/inject", "true", "traffic.sidecar.istio.io/excludeInboundPorts", "6222")),
		checktest.Warns("Linkerd", "Linkerd intercepts port 6222 between replicas", annotate("linkerd.io/inject", "enabled")),
		checktest.Passes("Linkerd with a range", annotate("linkerd.io/inject", "enabled",
			"config.linkerd.io/skip-inbound-ports", "6000-7000", "config.linkerd.io/skip-outbound-ports", "6222")),
		checktest.Warns("Istio by the namespace", "Istio intercepts port 6222 between replicas", func(w *checktest.World) {
			w.Extra = append(w.Extra, "{apiVersion: v1, kind: Namespace, metadata: {name: coder, labels: {istio-injection: enabled}}}")
		}),
		checktest.Skips("Istio by the namespace, but not for these pods", "nothing in the input adds a service mesh", func(w *checktest.World) {
			w.Extra = append(w.Extra, "{apiVersion: v1, kind: Namespace, metadata: {name: coder, labels: {istio-injection: enabled}}}")
			annotate("sidecar.istio.io/inject", "false")(w)
		}),
		checktest.Warns("Istio that was injected before", "Istio intercepts port 6222 between replicas", func(w *checktest.World) {
			w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "istio-proxy"})
		}),
		checktest.Warns("Linkerd as a native sidecar", "Linkerd intercepts port 6222 between replicas", func(w *checktest.World) {
			w.Pod().InitContainers = append(w.Pod().InitContainers, corev1.Container{Name: "linkerd-proxy"})
		}),
		checktest.Passes("Istio with inbound ports listed, without 6222", annotate("sidecar.istio.io/inject", "true",
			"traffic.sidecar.istio.io/includeInboundPorts", "8080", "traffic.sidecar.istio.io/excludeOutboundPorts", "6222")),
		checktest.Warns("Istio with 6222 among the inbound ports", "Istio intercepts port 6222 between replicas", annotate("sidecar.istio.io/inject", "true",
			"traffic.sidecar.istio.io/includeInboundPorts", "8080,6222", "traffic.sidecar.istio.io/excludeInboundPorts", "6222", "traffic.sidecar.istio.io/excludeOutboundPorts", "6222")),
		checktest.Passes("Istio that takes nothing in and nothing out", annotate("sidecar.istio.io/inject", "true",
			"traffic.sidecar.istio.io/includeInboundPorts", "", "traffic.sidecar.istio.io/includeOutboundIPRanges", "")),
		checktest.Skips("Istio that takes some addresses", "address ranges", annotate("sidecar.istio.io/inject", "true",
			"traffic.sidecar.istio.io/excludeInboundPorts", "6222", "traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0/8")),
		checktest.Passes("Istio that intercepts nothing", annotate("sidecar.istio.io/inject", "true", "sidecar.istio.io/interceptionMode", "NONE")),
		checktest.Skips("Istio that keeps the source address", "interception mode", annotate("sidecar.istio.io/inject", "true",
			"sidecar.istio.io/interceptionMode", "TPROXY", "traffic.sidecar.istio.io/excludeOutboundPorts", "6222")),
		checktest.Warns("Istio by the pod's label", "Istio intercepts", labeled("sidecar.istio.io/inject", "true")),
		checktest.Skips("the pod's label over its annotation", "no", func(w *checktest.World) {
			annotate("sidecar.istio.io/inject", "true")(w)
			labeled("sidecar.istio.io/inject", "false")(w)
		}),
		checktest.Skips("istio-injection over istio.io/rev", "nothing in the input adds a service mesh", namespace("labels: {istio-injection: disabled, istio.io/rev: stable}")),
		checktest.Skips("a namespace without Istio over the pod's label", "nothing in the input adds a service mesh", func(w *checktest.World) {
			namespace("labels: {istio-injection: disabled}")(w)
			labeled("sidecar.istio.io/inject", "true")(w)
		}),
		checktest.Warns("Istio by the revision of the namespace", "Istio intercepts", namespace("labels: {istio.io/rev: stable}")),
		checktest.Skips("an annotation in a namespace that is not labeled", "nothing in the input adds a service mesh", func(w *checktest.World) {
			namespace("labels: {team: a}")(w)
			annotate("sidecar.istio.io/inject", "true")(w)
		}),
		checktest.Skips("Istio in ambient mode", "in ambient mode", namespace("labels: {istio.io/dataplane-mode: ambient}")),
		checktest.Passes("ambient mode that what arrives bypasses", func(w *checktest.World) {
			namespace("labels: {istio.io/dataplane-mode: ambient}")(w)
			annotate("ambient.istio.io/bypass-inbound-capture", "true")(w)
		}),
		checktest.Skips("pods that opt out of ambient mode", "nothing in the input adds a service mesh", func(w *checktest.World) {
			namespace("labels: {istio.io/dataplane-mode: ambient}")(w)
			labeled("istio.io/dataplane-mode", "none")(w)
		}),
		checktest.Warns("Linkerd by the namespace's annotation", "Linkerd intercepts", namespace("annotations: {linkerd.io/inject: enabled}")),
		checktest.Skips("a label is not what Linkerd reads", "nothing in the input adds a service mesh", namespace("labels: {linkerd.io/inject: enabled}")),
		checktest.Skips("Linkerd by the namespace, but not for these pods", "nothing in the input adds a service mesh", func(w *checktest.World) {
			namespace("annotations: {linkerd.io/inject: enabled}")(w)
			annotate("linkerd.io/inject", "disabled")(w)
		}),
		checktest.Passes("Linkerd with the ports in the namespace's annotations", namespace("annotations: {linkerd.io/inject: enabled, config.linkerd.io/skip-inbound-ports: '6222', config.linkerd.io/skip-outbound-ports: '6222'}")),
		checktest.Warns("Linkerd with opaque ports, which are intercepted all the same", "Linkerd intercepts", annotate("linkerd.io/inject", "enabled", "config.linkerd.io/opaque-ports", "6222")),
		checktest.Skips("Istio, but the pods are on the host's network", "nothing in the input adds a service mesh", func(w *checktest.World) {
			namespace("labels: {istio-injection: enabled}")(w)
			w.Pod().HostNetwork = true
		}),
		checktest.Skips("Istio before NATS", "nats_pubsub", func(w *checktest.World) { w.Version("v2.37.0"); annotate("sidecar.istio.io/inject", "true")(w) }),
	)
	apart := func(labels map[string]string) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Pod().HostNetwork = true
			w.Pod().Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
					TopologyKey: "kubernetes.io/hostname", LabelSelector: &metav1.LabelSelector{MatchLabels: labels},
				}},
			}}
		}
	}
	c.About("host-network-ports",
		checktest.Skips("the pods' own network", "a network of their own", nil),
		checktest.Fires("the host's network", "replicas on the host network can be scheduled to one node", func(w *checktest.World) {
			w.Pod().HostNetwork, w.Container().Ports = true, nil
		}),
		checktest.Passes("declared ports, which become host ports", func(w *checktest.World) { w.Pod().HostNetwork = true }),
		checktest.Passes("kept apart", apart(checktest.PodLabels)),
		checktest.Fires("kept apart from somebody else", "replicas on the host network can be scheduled to one node", func(w *checktest.World) {
			apart(map[string]string{"app": "other"})(w)
			w.Container().Ports = nil
		}),
		checktest.Passes("host ports keep them apart", func(w *checktest.World) { w.Pod().HostNetwork = true; w.Container().Ports[0].HostPort = 8080 }),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { w.Pod().HostNetwork = true; w.Replicas(1) }),
	)
}
