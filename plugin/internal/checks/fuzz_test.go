package checks

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// manifests are seeds that lead to every part of the model.
var manifests = []string{
	`apiVersion: apps/v1
kind: StatefulSet
metadata: {name: coder, namespace: coder}
spec:
  replicas: 2
  serviceName: coder-pods
  selector: {matchLabels: {app: coder}}
  template:
    metadata: {labels: {app: coder}, annotations: {coder-ha.io/ignore: "a, b"}}
    spec:
      hostNetwork: false
      containers:
      - name: coder
        image: ghcr.io/coder/coder:v2.37.0
        command: [/opt/coder]
        args: [server, --http-address, "0.0.0.0:8080"]
        envFrom: [{secretRef: {name: more, optional: true}, prefix: P_}]
        env:
        - {name: KUBE_POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: CODER_DERP_SERVER_RELAY_URL, value: "http://$(KUBE_POD_IP):8080"}
        - {name: CODER_ACCESS_URL, value: "https://coder.example.com"}
        - {name: CODER_PG_CONNECTION_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}
        - {name: CODER_TLS_CERT_FILE, value: /tls/tls.crt}
        ports: [{containerPort: 8080, name: http}]
        volumeMounts: [{name: tls, mountPath: /tls}]
      volumes: [{name: tls, secret: {secretName: tls}}]
`,
	`apiVersion: v1
kind: List
items:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: coder}, spec: {replicas: 3, template: {metadata: {labels: {app: coder}}, spec: {containers: [{name: coder, image: coder, env: [{name: CODER_DERP_SERVER_RELAY_URL, value: "http://[fd00::1]:8080"}]}]}}}}
- {apiVersion: v1, kind: Secret, metadata: {name: tls}, data: {tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=}}
- {apiVersion: v1, kind: Service, metadata: {name: coder}, spec: {selector: {app: coder}, ports: [{port: 80, targetPort: http}], type: LoadBalancer}}
- {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: coder}, spec: {rules: [{host: coder.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: coder, port: {number: 80}}}}]}}]}}
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny}, spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [coder]}]}, policyTypes: [Ingress, Egress], ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}, {namespaceSelector: {}}], ports: [{port: 8080, endPort: 8090}]}]}}
`,
	`{apiVersion: v1, kind: Pod, metadata: {name: coder}, spec: {initContainers: [{name: i, restartPolicy: Always}], containers: [{name: coder, image: coder, command: [sh, -c, "exec coder server"], env: [{name: CODER_CONFIG_PATH, value: /c/c.yaml}]}]}}`,
}

func FuzzManifestsAreJudged(f *testing.F) {
	for _, seed := range manifests {
		f.Add(seed)
	}
	all := All()
	settings := check.DefaultSettings()
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := manifest.Decode(strings.NewReader(text), "in.yaml")
		if err != nil {
			return
		}
		d, err := kube.Build(objects, kube.Options{Namespace: "coder"})
		if err != nil {
			return
		}
		d.Seal(digest.Key("key"))
		c := &check.Case{Facts: &facts.Facts{Now: time.Unix(0, 0), Deployment: d}, Settings: settings}
		for _, outcome := range check.Judge(all, c, nil) {
			for _, finding := range outcome.Findings {
				if strings.Contains(finding.Message, "the check itself failed") {
					t.Errorf("%s: %s", outcome.ID, finding.Message)
				}
			}
		}
		checktest.SurvivesSaving(t, all, c)
	})
}

// FuzzPoliciesAdd gives the replicas NetworkPolicies: in any order they allow the same,
// and beside one that allows everything nothing is blocked.
func FuzzPoliciesAdd(f *testing.F) {
	f.Add(`{}`, `Ingress`, `{from: [{podSelector: {}}], ports: [{port: 8080}]}`, `{}`)
	f.Add(`{matchLabels: {app: coder}}`, `Egress`, `{}`, `{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 5432, protocol: TCP}]}`)
	f.Add(`{matchExpressions: [{key: app, operator: NotIn, values: [x]}]}`, `Ingress, Egress`, `{from: [{namespaceSelector: {}, podSelector: {}}]}`, `{ports: [{port: http}, {port: 6000, endPort: 7000}]}`)
	var blocks check.Check
	for _, c := range All() {
		if c.ID == "network-policy-blocks-replicas" {
			blocks = c
		}
	}
	const anything = "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: anything}, spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}}\n"
	blocked := func(t *testing.T, text string) ([]string, bool) {
		objects, err := manifest.Decode(strings.NewReader(text), "in.yaml")
		if err != nil {
			return nil, false
		}
		d, err := kube.Build(objects, kube.Options{Namespace: "coder"})
		if err != nil {
			return nil, false
		}
		d.Seal(digest.Key("key"))
		var found []string
		for _, o := range check.Judge([]check.Check{blocks}, &check.Case{Facts: &facts.Facts{Now: time.Unix(0, 0), Deployment: d}, Settings: check.DefaultSettings()}, nil) {
			for _, finding := range o.Findings {
				require.NotContains(t, finding.Message, "the check itself failed")
				found = append(found, finding.Message)
			}
		}
		slices.Sort(found)
		return found, true
	}
	f.Fuzz(func(t *testing.T, selector, types, ingress, egress string) {
		one := "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: one}, spec: {podSelector: " + selector + ", policyTypes: [" + types + "], ingress: [" + ingress + "]}}\n"
		two := "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: two}, spec: {podSelector: {}, policyTypes: [" + types + "], egress: [" + egress + "]}}\n"
		found, ok := blocked(t, manifests[0]+one+two)
		if !ok {
			return
		}
		other, _ := blocked(t, manifests[0]+two+one)
		assert.Equal(t, found, other, "in another order")
		if strings.Contains(one+two, "---\n---") || strings.Count(one+two, "kind:") > 2 {
			return
		}
		open, _ := blocked(t, manifests[0]+one+two+anything)
		assert.Empty(t, open, "beside a policy that allows everything")
	})
}
