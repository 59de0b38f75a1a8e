package inject

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
)

// deploymentOf is a Deployment whose pods have this spec, in flow style.
func deploymentOf(name, spec string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name + "}\nspec:\n  template:\n    spec: " + spec + "\n"
}

// coderWith is coderd's container with this env.
func coderWith(env string) string {
	return "{containers: [{name: coder, image: ghcr.io/coder/coder:v2.38.0, env: [" + env + "]}]}"
}

func TestWhatCannotBeDoneRightIsRefusedInOneSentence(t *testing.T) {
	const address = "{name: CODER_HTTP_ADDRESS, value: ':8080'}"
	for _, c := range []struct{ name, stream, want string }{
		{
			"several workloads", deploymentOf("a", coderWith(address)) + "---\n" + deploymentOf("b", coderWith(address)),
			"several workloads run `coder server` (Deployment/a, Deployment/b): name one with --workload",
		},
		{"no workload", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", "no workload among the 1 objects"},
		{
			"an env that is an alias", deploymentOf("coder", "{initContainers: [{name: x, image: x, env: &e ["+address+"]}], containers: [{name: coder, image: coder, env: *e}]}"),
			"in.yaml:6: Deployment default/coder: the env of coderd's container cannot be changed: it is the alias *e, which others may share: write it out there",
		},
		{
			"an env that an alias repeats", deploymentOf("coder", "{containers: [{name: coder, image: coder, env: &e ["+address+"]}, {name: x, image: x, env: *e}]}"),
			"an alias repeats its anchor &e elsewhere",
		},
		{
			"a container that an alias repeats", deploymentOf("coder", "{containers: [&c {name: coder, image: coder, env: ["+address+"]}], initContainers: [*c]}"),
			"an alias repeats its anchor &c elsewhere",
		},
		{
			"an env from a merge key", deploymentOf("coder", "{initContainers: [&c {name: x, image: x, env: ["+address+"]}], containers: [{<<: *c, name: coder, image: coder}]}"),
			"its env comes from a merge key (<<)",
		},
		{
			"an address from a Secret that is not there", deploymentOf("coder", "{containers: [{name: coder, image: coder, envFrom: [{secretRef: {name: s}}]}]}"),
			"Deployment default/coder: the port of the relay URL cannot be told: CODER_HTTP_ADDRESS: Secret default/s may set CODER_HTTP_ADDRESS: give Secret default/s too",
		},
		{"no listener", deploymentOf("coder", coderWith("{name: CODER_HTTP_ADDRESS, value: ''}")), "coderd has no address to listen on"},
		{"an address without a port", deploymentOf("coder", coderWith("{name: CODER_HTTP_ADDRESS, value: '0.0.0.0'}")), "CODER_HTTP_ADDRESS is not HOST:PORT"},
		{"a pod IP that is none", deploymentOf("coder", coderWith(address+", {name: KUBE_POD_IP, value: 10.0.0.5}")), "KUBE_POD_IP is not the pod's own address"},
		{"a template", deploymentOf("coder", coderWith(address)) + "{{- if .Values.x }}\na: b\n{{- end }}\n", "it seems to be a template: render it first"},
		{"no YAML", "a: [", "in.yaml: line 1"},
		{"UTF-16", "\xff\xfea\x00", "in.yaml: it is UTF-16"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := complete(t, c.stream, kube.Options{Namespace: "default"})
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

// corrected replaces what is wrong.
func corrected(t *testing.T, stream string, wrong Wrong) string {
	t.Helper()
	in, err := Read([]File{{Name: "in.yaml", Bytes: []byte(stream)}}, kube.Options{})
	require.NoError(t, err)
	plan, err := in.Correct([]Wrong{wrong})
	require.NoError(t, err)
	out, err := in.Apply(plan)
	require.NoError(t, err)
	return string(out.Files()[0].Bytes)
}

func TestWhatIsWrongIsReplacedInItsPlace(t *testing.T) {
	const head = `apiVersion: apps/v1
kind: Deployment
metadata: {name: coder}
spec:
  template:
    spec:
      containers:
      - name: coder
        image: coder
        env:
        - {name: CODER_HTTP_ADDRESS, value: ":8080"}
`
	const podIP = "        - name: KUBE_POD_IP\n          valueFrom: {fieldRef: {fieldPath: status.podIP}}\n"
	for _, c := range []struct {
		name, before, after string
		wrong               Wrong
	}{
		{
			"a relay URL without quotes", "        # relay\n        - name: CODER_DERP_SERVER_RELAY_URL # x\n          value: https://coder.example.com # y\n        - {name: A, value: b}\n",
			podIP + "        # relay\n        - name: CODER_DERP_SERVER_RELAY_URL # x\n          value: http://$(KUBE_POD_IP):8080 # y\n        - {name: A, value: b}\n",
			Wrong{RelayURL: true},
		},
		{
			"a relay URL in quotes, behind the pod's address", podIP + "        - name: CODER_DERP_SERVER_RELAY_URL\n          value: 'https://coder.example.com'\n",
			podIP + "        - name: CODER_DERP_SERVER_RELAY_URL\n          value: 'http://$(KUBE_POD_IP):8080'\n",
			Wrong{RelayURL: true},
		},
		{
			"a relay URL on several lines", podIP + "        - name: CODER_DERP_SERVER_RELAY_URL\n          value: >-\n            https://coder.example.com\n        - {name: A, value: b}\n",
			podIP + "        - name: CODER_DERP_SERVER_RELAY_URL\n          value: http://$(KUBE_POD_IP):8080\n        - {name: A, value: b}\n",
			Wrong{RelayURL: true},
		},
		{
			"a relay URL from a Secret", podIP + "        - name: CODER_DERP_SERVER_RELAY_URL\n          valueFrom:\n            secretKeyRef:\n              name: x # y\n              key: z\n",
			podIP + "        - name: CODER_DERP_SERVER_RELAY_URL\n          value: http://$(KUBE_POD_IP):8080\n",
			Wrong{RelayURL: true},
		},
		{
			"a relay URL in braces before the pod's address", "        - {value: x, name: CODER_DERP_SERVER_RELAY_URL}\n" + podIP,
			podIP + "        - {value: \"http://$(KUBE_POD_IP):8080\", name: CODER_DERP_SERVER_RELAY_URL}\n",
			Wrong{RelayURL: true},
		},
		{
			"a cluster host", "        - name: CODER_CLUSTER_HOST\n          value: coder.example.com\n",
			"        - name: CODER_CLUSTER_HOST\n          valueFrom: {fieldRef: {fieldPath: status.podIP}}\n",
			Wrong{ClusterHost: true},
		},
		{
			"the address that it is made of", "        - name: POD_IP\n          value: 10.0.0.5\n        - name: CODER_DERP_SERVER_RELAY_URL\n          value: http://$(POD_IP):8080\n",
			"        - name: POD_IP\n          valueFrom: {fieldRef: {fieldPath: status.podIP}}\n        - name: CODER_DERP_SERVER_RELAY_URL\n          value: http://$(POD_IP):8080\n",
			Wrong{PodIP: true, RelayURL: true},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, head+c.after, corrected(t, head+c.before, c.wrong))
		})
	}
}

func TestAFlagIsNotReplacedByAVariable(t *testing.T) {
	stream := deploymentOf("coder", "{containers: [{name: coder, image: coder, args: [server, '--derp-server-relay-url=http://x', '--http-address=:80']}]}")
	assert.Equal(t, stream, corrected(t, stream, Wrong{RelayURL: true, ClusterHost: false}))
}
