package manual_test

// symptom is a mistake behind a symptom of docs/troubleshooting.md, as a change of what
// is right: what the chart makes of the values on docs/high-availability.md.
type symptom struct {
	check string
	// change are texts and what stands in their place; more are further documents.
	change []string
	more   string
	flags  []string
}

// Parts of what the chart makes.
const (
	relayURL   = "              value: http://$(KUBE_POD_IP):8080\n"
	relay      = "            - name: CODER_DERP_SERVER_RELAY_URL\n" + relayURL
	podIP      = "            - name: KUBE_POD_IP\n              valueFrom:\n                fieldRef:\n                  fieldPath: status.podIP\n"
	cluster    = "            - name: CODER_CLUSTER_HOST\n              valueFrom:\n                fieldRef:\n                  fieldPath: status.podIP\n"
	listen     = "            - name: CODER_HTTP_ADDRESS\n              value: 0.0.0.0:8080\n"
	access     = "            - name: CODER_ACCESS_URL\n              value: https://coder.example.com\n"
	database   = "            - name: CODER_PG_CONNECTION_URL\n              valueFrom:\n                secretKeyRef:\n                  key: url\n                  name: coder-db-url\n"
	probe      = "          readinessProbe:\n            httpGet:\n              path: /healthz\n              port: http\n              scheme: HTTP\n            initialDelaySeconds: 0\n"
	preStop    = "          lifecycle:\n            preStop:\n              exec:\n                command:\n                - sleep\n                - \"10\"\n"
	grace      = "      terminationGracePeriodSeconds: 60\n"
	labels     = "      annotations:\n        app.kubernetes.io/component: coderd\n"
	spreadOver = "      topologySpreadConstraints:\n        - maxSkew: 1\n          topologyKey: topology.kubernetes.io/zone\n          whenUnsatisfiable: ScheduleAnyway\n          labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: \"coder\"\n              app.kubernetes.io/instance: \"coder\"\n"
	lonely     = "  replicas: 3\n"
)

// set is an entry of the environment.
func set(name, value string) string {
	return "            - name: " + name + "\n              value: " + value + "\n"
}

// also adds entries behind the access URL.
func also(entries ...string) []string {
	text := access
	for i := 0; i < len(entries); i += 2 {
		text += set(entries[i], entries[i+1])
	}
	return []string{access, text}
}

// dialsTLS is a relay URL over TLS, and a coderd that serves it.
func dialsTLS(entries ...string) []string {
	change := also(append([]string{"CODER_TLS_ENABLE", `"true"`, "CODER_TLS_ADDRESS", "0.0.0.0:8443"}, entries...)...)
	return append(change, relayURL, "              value: https://$(KUBE_POD_IP):8443\n")
}

func relayIs(url string) []string { return []string{relayURL, "              value: " + url + "\n"} }

var inPods = []symptom{
	{check: "relay-url-equals-access-url", change: relayIs("https://coder.example.com")},
	{check: "relay-url-shared", change: relayIs("http://10.0.0.5:8080")},
	{check: "relay-url-loopback", change: relayIs("http://localhost:8080")},
	{check: "relay-url-missing", change: []string{relay, ""}},
	{check: "relay-url-port-mismatch", change: relayIs("http://$(KUBE_POD_IP)")},
	{check: "relay-url-unexpanded", change: []string{podIP, "", relay, relay + podIP}},
	{check: "relay-url-unresolvable", change: []string{podIP, "            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\n", relayURL, "              value: http://$(POD_NAME):8080\n"}},
	{check: "relay-url-ipv6-brackets", change: relayIs("http://fd00::1:8080")},
	{check: "relay-url-invalid", change: relayIs("$(KUBE_POD_IP):8080")},
	{check: "relay-none", change: also("CODER_DERP_SERVER_ENABLE", `"false"`)},
	{check: "relay-config-conflict", change: also("CODER_DERP_CONFIG_URL", "https://relays.example.com/map.json", "CODER_DERP_CONFIG_PATH", "/etc/coder/map.json")},
	{check: "relay-tls-disabled", change: relayIs("https://$(KUBE_POD_IP):8443")},
	{check: "relay-tls-self-signed", change: dialsTLS()},
	{check: "relay-tls-client-auth", change: dialsTLS("CODER_TLS_CERT_FILE", "/tls/tls.crt", "CODER_TLS_KEY_FILE", "/tls/tls.key", "CODER_TLS_CLIENT_AUTH", "require-any")},
	{check: "tls-files-mismatch", change: dialsTLS("CODER_TLS_CERT_FILE", "/a.crt,/b.crt", "CODER_TLS_KEY_FILE", "/a.key")},
	{check: "http-address-loopback", change: []string{listen, ""}},
	{check: "http-address-invalid", change: []string{listen, set("CODER_HTTP_ADDRESS", `"*:80"`)}},
	{check: "http-address-invalid", change: []string{listen, set("CODER_HTTP_ADDRESS", `""`)}},
	{check: "env-unknown", change: []string{database, database + set("CODER_PG_CONNECTION_URI", "postgres://coder@db.example.com/coder")}},
	{check: "encryption-keys-invalid", change: also("CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS", "KEY1, KEY2")},
	{check: "postgres-url-missing", change: []string{database, ""}},
	{check: "postgres-url-local", change: []string{database, set("CODER_PG_CONNECTION_URL", "postgres://coder@localhost/coder")}},
	{check: "network-policy-blocks-replicas", more: onlyIngressMayCall},
	{check: "derp-upgrade-blocked", more: virtualService},
	{check: "mesh-sidecar-ports", change: []string{labels, labels + "        sidecar.istio.io/inject: \"true\"\n"}, flags: []string{"--coder-version", "2.38"}},
	{check: "cluster-host-custom-relays", change: append(also("CODER_DERP_SERVER_ENABLE", `"false"`, "CODER_DERP_CONFIG_URL", "https://relays.example.com/map.json"), relay, "", cluster, ""), flags: []string{"--coder-version", "2.38"}},
	{check: "cluster-host-shared", change: []string{cluster, set("CODER_CLUSTER_HOST", "10.0.0.5")}},
	{check: "cluster-host-ipv6", change: append(also("CODER_EXPERIMENTS", "nats_pubsub"), cluster, set("CODER_CLUSTER_HOST", "fd00::1")), flags: []string{"--coder-version", "2.36"}},
	{check: "host-network-ports", change: []string{grace, grace + "      hostNetwork: true\n", "            - name: http\n              containerPort: 8080\n              protocol: TCP\n            - name: cluster\n              containerPort: 6222\n              protocol: TCP\n", "            []\n"}},
	{check: "proxy-trusted-headers", more: ingress},
	{check: "surge-single-replica", change: []string{"kind: StatefulSet", "kind: Deployment", "  serviceName: \"coder-replicas\"\n  podManagementPolicy: Parallel\n  updateStrategy:\n    type: RollingUpdate\n", "", lonely, "  replicas: 1\n"}},
	{check: "drain-delay", change: []string{preStop, ""}},
	{check: "readiness-probe", change: []string{probe, "          readinessProbe:\n            tcpSocket: {port: http}\n"}},
	{check: "liveness-without-startup", change: []string{probe, probe + "          livenessProbe:\n            httpGet: {path: /healthz, port: http}\n"}},
	{check: "disruption-budget", change: []string{"  maxUnavailable: 1\n", "  minAvailable: 3\n"}},
	{check: "spread", change: []string{"                  app.kubernetes.io/instance: coder\n                  app.kubernetes.io/name: coder\n", "                  app.kubernetes.io/instance: prod\n", spreadOver, ""}},
	{check: "service-selects-others", change: []string{"  externalTrafficPolicy: \"Cluster\"\n  selector:\n    app.kubernetes.io/name: \"coder\"\n    app.kubernetes.io/instance: \"coder\"\n", "  externalTrafficPolicy: \"Cluster\"\n  selector:\n    app.kubernetes.io/name: \"coder\"\n"}, more: anotherPod},
	{check: "service-affinity-aws", change: []string{"  annotations:\n    {}\nspec:\n  type: LoadBalancer\n  sessionAffinity: None\n", "  annotations:\n    service.beta.kubernetes.io/aws-load-balancer-internal: \"true\"\nspec:\n  type: LoadBalancer\n  sessionAffinity: ClientIP\n"}},
	{check: "built-in-provisioners", change: also("CODER_PROVISIONER_DAEMONS", `"3"`)},
	{check: "grace-period", change: []string{grace, ""}},
}

const onlyIngressMayCall = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: coder, namespace: coder}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: coder}}
  policyTypes: [Ingress]
  ingress:
    - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]
`

const virtualService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: coder, namespace: coder}
spec:
  hosts: [coder.example.com]
  gateways: [istio-system/public]
  http: [{route: [{destination: {host: coder.coder.svc.cluster.local, port: {number: 80}}}]}]
`

const ingress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: coder, namespace: coder}
spec:
  rules:
    - host: coder.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: coder, port: {name: http}}}}]}
`

const anotherPod = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: proxy, namespace: coder}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: coder, app.kubernetes.io/instance: proxy}}
  template:
    metadata: {labels: {app.kubernetes.io/name: coder, app.kubernetes.io/instance: proxy}}
    spec: {containers: [{name: proxy, image: "ghcr.io/coder/coder:v2.37.2", args: [wsproxy, server], ports: [{name: http, containerPort: 3001}]}]}
`

// onHosts are mistakes in the files of one of the hosts of docs/hosts.md, as lines of its
// environment file, or in the unit of all.
var onHosts = []struct {
	check, lines, unit string
	flags              []string
}{
	{check: "relay-region-mismatch", lines: "CODER_DERP_SERVER_REGION_ID=998\n"},
	{check: "postgres-url-differs", lines: "CODER_PG_CONNECTION_URL=postgres://coder@other.example.com/coder\n"},
	{check: "cluster-mixed-pubsub", lines: "CODER_EXPERIMENTS=no_nats_pubsub\n", flags: []string{"--coder-version", "2.38"}},
	{check: "unit-kill-signal", unit: "[Service]\nKillSignal=SIGINT\n", lines: "CODER_PROVISIONER_DAEMONS=3\n"},
}
