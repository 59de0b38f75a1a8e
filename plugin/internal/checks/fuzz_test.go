package checks

import (
	"strings"
	"testing"
	"time"

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
