package kube

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// build reads a StatefulSet of two replicas whose container has the given
// fields, and more documents.
func build(t *testing.T, container string, docs ...string) *deployment.Deployment {
	t.Helper()
	return buildPod(t, container, "volumes: []", docs...)
}

// buildPod is build, with fields of the pod.
func buildPod(t *testing.T, container, pod string, docs ...string) *deployment.Deployment {
	t.Helper()
	text := `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: coder, namespace: ns}
spec:
  replicas: 2
  serviceName: coder-replicas
  selector: {matchLabels: {app: coder}}
  template:
    metadata: {labels: {app: coder}, annotations: {zone: a}}
    spec:
      containers:
      - name: coder
        image: ghcr.io/coder/coder:v2.38.0
` + indent(container, 8) + "\n" + indent(pod, 6) + "\n---\n" + strings.Join(docs, "\n---\n")
	objects, err := manifest.Decode(strings.NewReader(text), "in.yaml")
	require.NoError(t, err)
	d, err := Build(objects, Options{Namespace: "ns"})
	require.NoError(t, err)
	return d
}

func indent(text string, by int) string {
	prefix := strings.Repeat(" ", by)
	return prefix + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+prefix)
}

func TestEnvironmentFollowsTheKubelet(t *testing.T) {
	const config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: config, namespace: ns}, data: {FROM: 'raw $(A)', BOTH: config}}"
	const secret = "{apiVersion: v1, kind: Secret, metadata: {name: secret, namespace: ns}, data: {URL: aHR0cDovLw==}, stringData: {BOTH: secret, TOKEN: t0ken}}"
	for _, c := range []struct {
		name, container string
		want            map[string]string
	}{
		{"a variable is expanded by an earlier one", "env: [{name: A, value: '1'}, {name: B, value: 'a=$(A)'}]", map[string]string{"B": "a=1"}},
		{"a later one is not seen", "env: [{name: B, value: 'a=$(A)'}, {name: A, value: '1'}]", map[string]string{"B": "a=$(A)"}},
		{"the last of two entries wins", "env: [{name: A, value: '1'}, {name: A, value: '2'}, {name: B, value: $(A)}]", map[string]string{"A": "2", "B": "2"}},
		{"an entry sees the one that it replaces", "env: [{name: A, value: '1'}, {name: A, value: '$(A)2'}]", map[string]string{"A": "12"}},
		{"two dollars are one", "env: [{name: A, value: '1'}, {name: B, value: '$$(A) $$$(A) $A $'}]", map[string]string{"B": "$(A) $1 $A $"}},
		{"an open parenthesis stays", "env: [{name: B, value: '$(A'}]", map[string]string{"B": "$(A"}},
		{"what a variable holds is not expanded again", "env: [{name: A, value: '$$(B)'}, {name: B, value: $(A)}]", map[string]string{"B": "$(B)"}},
		{"envFrom is not expanded, but can be named", "envFrom: [{configMapRef: {name: config}}]\nenv: [{name: A, value: '1'}, {name: B, value: $(FROM)}]", map[string]string{"FROM": "raw $(A)", "B": "raw $(A)"}},
		{"a later envFrom wins", "envFrom: [{configMapRef: {name: config}}, {secretRef: {name: secret}}]", map[string]string{"BOTH": "secret", "URL": "http://"}},
		{"env wins over envFrom", "envFrom: [{secretRef: {name: secret}}]\nenv: [{name: BOTH, value: env}]", map[string]string{"BOTH": "env"}},
		{"a prefix is put before the names", "envFrom: [{prefix: X_, configMapRef: {name: config}}]", map[string]string{"X_BOTH": "config"}},
		{"a key of a ConfigMap", "env: [{name: A, valueFrom: {configMapKeyRef: {name: config, key: BOTH}}}]", map[string]string{"A": "config"}},
		{"a label, an annotation and the namespace", "env: [{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['app']\"}}}, {name: B, valueFrom: {fieldRef: {fieldPath: \"metadata.annotations['zone']\"}}}, {name: C, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]", map[string]string{"A": "coder", "B": "a", "C": "ns"}},
		{"a StatefulSet's pod name", "env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]", map[string]string{"A": "coder-0"}},
		{"the pod IP is a symbol of the replica", "env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: B, value: 'http://$(A):8080'}]", map[string]string{"B": "http://<coder-0.status.podIP>:8080"}},
		{"a flag wins over its variable", "env: [{name: CODER_HTTP_ADDRESS, value: ':1'}]\nargs: [server, --http-address=:2]", map[string]string{"CODER_HTTP_ADDRESS": ":2"}},
		{"a flag with its value behind it", "args: [server, --postgres-url, 'db://x', --tls-enable]", map[string]string{"CODER_PG_CONNECTION_URL": "db://x", "CODER_TLS_ENABLE": "true"}},
		{"a switch before another flag", "args: [server, --prometheus-enable, --access-url, 'https://x']", map[string]string{"CODER_PROMETHEUS_ENABLE": "true", "CODER_ACCESS_URL": "https://x"}},
		{"a flag that is repeated is a list", "args: [server, --tls-cert-file, /a, --tls-cert-file=/b]", map[string]string{"CODER_TLS_CERT_FILE": "/a,/b"}},
		{"flags of a list are added to its variable", "env: [{name: CODER_TLS_CERT_FILE, value: /z}]\nargs: [server, --tls-cert-file, /a]", map[string]string{"CODER_TLS_CERT_FILE": "/z,/a"}},
		{"a shorthand", "args: [server, -a, ':1']", map[string]string{"CODER_ADDRESS": ":1"}},
		{"a switch takes no word", "args: [server, --tls-enable, --http-address=:1]", map[string]string{"CODER_TLS_ENABLE": "true", "CODER_HTTP_ADDRESS": ":1"}},
		{"another flag that is repeated is the last one", "args: [server, --http-address=:1, --http-address=:2]", map[string]string{"CODER_HTTP_ADDRESS": ":2"}},
		{"an init in front", "command: [tini, -g, --, /opt/coder]\nargs: [server, --http-address=:1]", map[string]string{"CODER_HTTP_ADDRESS": ":1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := build(t, c.container, config, secret)
			for name, want := range c.want {
				got := d.Replicas[0].Env(name)
				assert.Equal(t, deployment.Known, got.State, "%s: %s", name, got.Why)
				assert.Equal(t, want, got.Text.String(), name)
			}
		})
	}
}

func TestWhatIsNotInTheInputIsUnknown(t *testing.T) {
	for _, c := range []struct{ name, container, variable, why string }{
		{"a key of a Secret", "env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: url}}}]", "A", "key url of Secret ns/db, which is not in the input"},
		{"whatever a Secret sets", "envFrom: [{secretRef: {name: more}}]", "A", "Secret ns/more may set A"},
		{"what is made of an unknown", "env: [{name: B, valueFrom: {secretKeyRef: {name: db, key: url}}}, {name: A, value: x$(B)}]", "A", "key url of Secret ns/db"},
		{"a Service's variable", "env: [{name: A, value: $(KUBERNETES_SERVICE_HOST)}]", "A", "set by Kubernetes for a Service"},
		{"what a command in a shell script says", "command: [sh, -c, 'CODER_ACCESS_URL=http://$(hostname -i) exec coder server']", "CODER_ACCESS_URL", "the shell script of container coder sets CODER_ACCESS_URL"},
		{"what a shell script sets on a condition", "command: [sh, -c, 'if test -e /x; then export CODER_ACCESS_URL=x; fi; exec coder server']", "CODER_ACCESS_URL", "the shell script of container coder sets CODER_ACCESS_URL"},
		{"what a script reads from elsewhere", "command: [bash, -c, '. /etc/coder.env; exec coder server']", "A", "shell script"},
		{"what the flags in a shell script make of it", "command: [sh, -c, 'exec coder server --http-address :$HOSTNAME']", "CODER_HTTP_ADDRESS", "shell script"},
		{"whatever a script's file sets", "command: [bash, /scripts/start.sh]", "A", "shell script"},
		{"whatever a script that starts another one sets", "command: [bash, -c, /scripts/start.sh]", "A", "shell script"},
		{"whatever another program sets", "command: [/vault/vault-env]\nargs: [coder, server]", "A", "the program /vault/vault-env that starts container coder"},
		{"what a configuration file sets", "env: [{name: CODER_CONFIG_PATH, value: /etc/coder.yaml}]", "CODER_ACCESS_URL", "the config file /etc/coder.yaml, which is not in the input, may set CODER_ACCESS_URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := build(t, c.container).Replicas[0].Env(c.variable)
			assert.Equal(t, deployment.Unknown, got.State)
			assert.Contains(t, got.Why, c.why)
			assert.NotEmpty(t, got.Proof)
		})
	}
	t.Run("but what a plain script does not name is missing", func(t *testing.T) {
		for _, container := range []string{"command: [sh, -ec, 'sleep 5; exec /opt/coder server']", "command: [sh, -c, 'exec \"$@\"', --]\nargs: [coder, server]", "command: [tini, --, coder, server]"} {
			assert.Equal(t, deployment.Missing, build(t, container).Replicas[0].Env("A").State, container)
		}
	})
	t.Run("but a name that the prefix rules out is missing", func(t *testing.T) {
		got := build(t, "envFrom: [{prefix: X_, secretRef: {name: more}}]").Replicas[0].Env("A")
		assert.Equal(t, deployment.Missing, got.State)
	})
	t.Run("and a Service's variable is missing without service links", func(t *testing.T) {
		d := build(t, "env: [{name: A, value: $(OTHER_SERVICE_HOST)}]")
		assert.Equal(t, deployment.Unknown, d.Replicas[0].Env("A").State)
	})
}

func TestAValueKnowsItsLine(t *testing.T) {
	d := build(t, "env:\n- name: A\n  value: a\n- name: B\n  valueFrom:\n    fieldRef: {fieldPath: status.podIP}")
	a, b := d.Replicas[1].Env("A").Origin, d.Replicas[1].Env("B").Origin
	assert.Equal(t, "in.yaml", a.File)
	assert.Equal(t, 16, a.Line)
	assert.Equal(t, 17, b.Line)
	assert.Equal(t, "spec.template.spec.containers[0].env[0].value", a.Field)
	assert.Equal(t, "coder", a.Container)
}

func TestReplicasOfAStatefulSetHaveTheirNamesAndLabels(t *testing.T) {
	d := build(t, "args: [server]")
	assert.Equal(t, "coder-1", d.Replicas[1].Name)
	assert.Equal(t, "coder-1", d.Replicas[1].Labels["statefulset.kubernetes.io/pod-name"])
	assert.NotEqual(t, d.Replicas[0].Labels, d.Replicas[1].Labels)
}

func TestWhatOthersGiveAPodIsNotTakenForEmpty(t *testing.T) {
	field := func(path string) string {
		return fmt.Sprintf("env: [{name: A, valueFrom: {fieldRef: {fieldPath: %q}}}]", path)
	}
	for path, want := range map[string]string{
		"spec.serviceAccountName":                        "default",
		"metadata.labels['not-there']":                   "",
		"metadata.labels['controller-revision-hash']":    "<coder.metadata.labels['controller-revision-hash']>",
		"metadata.labels['topology.kubernetes.io/zone']": "<coder-0.metadata.labels['topology.kubernetes.io/zone']>",
	} {
		assert.Equal(t, want, build(t, field(path)).Replicas[0].Env("A").Text.String(), path)
	}
}

func TestAnEntryAndItsDefaultedFormAreOneEntry(t *testing.T) {
	const twice = "env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: A, valueFrom: {fieldRef: {fieldPath: status.%s, apiVersion: v1}}}]"
	assert.Empty(t, build(t, fmt.Sprintf(twice, "podIP")).Workloads[0].Duplicates)
	assert.Len(t, build(t, fmt.Sprintf(twice, "hostIP")).Workloads[0].Duplicates, 1)
}

func FuzzExpand(f *testing.F) {
	f.Add("$(A)$$(B)$")
	f.Fuzz(func(t *testing.T, text string) {
		same := expand(text, func(string) (string, bool) { return "", false })
		if !strings.Contains(text, "$$") {
			assert.Equal(t, text, same, "what nothing defines stays as it is")
		}
	})
}

func TestWhatIsMadeOfASecretIsOne(t *testing.T) {
	const secret = "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: ns}, stringData: {token: hunter2}}"
	d := build(t, "env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: token}}}, {name: A, value: http://x/$(TOKEN)}, {name: B, value: $(A)}]", secret)
	for _, name := range []string{"TOKEN", "A", "B"} {
		value := d.Replicas[0].Env(name)
		assert.True(t, value.FromSecret, name)
		assert.NotContains(t, value.String(), "hunter2", name)
	}
}
