package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

const image = "image: ghcr.io/coder/coder:v2.36.1\n"

// script is a container whose shell runs a text of several lines.
func script(text string) string {
	return image + "env: [{name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: PORT, value: '8080'}, {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: token}}}]\n" +
		"command: [/bin/sh, -ec]\nargs:\n- |\n  " + text
}

const tokens = "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: ns}, stringData: {token: hunter2}}"

func TestAScriptIsFollowedToTheServer(t *testing.T) {
	const name, pod = "CODER_HTTP_ADDRESS", "<coder-0.status.podIP>"
	for _, c := range []struct{ name, text, variable, want string }{
		{"a flag", "exec /opt/coder server --http-address :80", name, ":80"},
		{"a variable of the container", "exec coder server --http-address \"0.0.0.0:$PORT\"", name, "0.0.0.0:8080"},
		{"one that only the cluster knows", "exec coder server --derp-server-relay-url=http://${POD_IP}:8080", "CODER_DERP_SERVER_RELAY_URL", "http://" + pod + ":8080"},
		{"a variable in front of the program", "CODER_HTTP_ADDRESS=:80 exec coder server", name, ":80"},
		{"an exported variable", "export CODER_HTTP_ADDRESS=:80\n  exec coder server", name, ":80"},
		{"one that is exported later", "CODER_HTTP_ADDRESS=:80; export CODER_HTTP_ADDRESS; coder server", name, ":80"},
		{"one of a variable of the script", "port=80; export CODER_HTTP_ADDRESS=:$port; coder server", name, ":80"},
		{"all exported", "set -a; CODER_HTTP_ADDRESS=:80; coder server", name, ":80"},
		{"a variable of the container, which stays exported", "CODER_HTTP_ADDRESS=:80; PORT=$CODER_HTTP_ADDRESS; CODER_ACCESS_URL=http://a$PORT exec coder server", "CODER_ACCESS_URL", "http://a:80"},
		{"with a default", "exec coder server --http-address ${ADDRESS:-:80}", name, ":80"},
		{"behind a program that waits", "until nc -z db 5432; do sleep 1; done; echo coder server; exec coder server --http-address :80", name, ":80"},
		{"behind another shell", "exec bash -c 'exec coder server --http-address :80'", name, ":80"},
		{"behind a condition that holds", "test -e /etc/x && exec coder server --http-address :80", name, ":80"},
		{"in a branch", "if true; then exec coder server --http-address :80; else exec sleep 1; fi", name, ":80"},
		{"in a function", "main() { exec coder server --http-address \"$HTTP\"; }; HTTP=:80; main", name, ":80"},
		{"through tini and env", "exec tini -s -- env CODER_HTTP_ADDRESS=:80 coder server", name, ":80"},
		{"beside another program", "coder templates push x & coder server --http-address :80", name, ":80"},
		{"with quotes and a backslash", "exec coder server \\\n    --http-address ':'\"80\"", name, ":80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := build(t, script(c.text), tokens).Replicas[0]
			got := r.Env(c.variable)
			assert.Equal(t, deployment.Known, got.State, got.Why)
			assert.Equal(t, c.want, got.Text.String())
			assert.Empty(t, r.Opaque)
			assert.Empty(t, r.Refusals)
		})
	}
	t.Run("but it does not say what is not exported", func(t *testing.T) {
		got := build(t, script("CODER_HTTP_ADDRESS=:80; coder server"), tokens).Replicas[0].Env(name)
		assert.Equal(t, deployment.Missing, got.State)
	})
	t.Run("and takes away what the script takes away", func(t *testing.T) {
		for _, text := range []string{"unset PORT; exec coder server", "exec env -u PORT coder server"} {
			assert.Equal(t, deployment.Missing, build(t, script(text), tokens).Replicas[0].Env("PORT").State, text)
		}
	})
}

func TestWhatOnlyARunTellsIsUnknown(t *testing.T) {
	const why = "the shell script of container coder"
	for _, c := range []struct{ name, text, why string }{
		{"what a command prints", "exec coder server --access-url \"$(cat /etc/url)\"", why},
		{"a variable of the system", "exec coder server --access-url http://$HOSTNAME", why},
		{"a part of a pod's address", "exec coder server --access-url http://${POD_IP%.*}.1", why},
		{"a choice by what is not known", "exec coder server --access-url ${HOSTNAME:+http://a}", why},
		{"an assignment on a condition", "[ -z \"$X\" ] || export CODER_ACCESS_URL=a; coder server", why},
		{"an assignment in a loop", "for u in a b; do export CODER_ACCESS_URL=$u; done; coder server", why},
		{"what is read", "read CODER_ACCESS_URL; export CODER_ACCESS_URL; coder server", why},
		{"what another script sets", ". /etc/coder.env; exec coder server", why},
		{"words that are not known", "exec coder server $(cat /etc/flags)", "an argument of container coder may set"},
		{"parameters that were shifted", "shift; exec coder server \"$@\"", "an argument of container coder may set"},
		{"one of two servers", "if true; then exec coder server --access-url http://a; fi; exec coder server", why},
		{"a script that is none", "exec coder server 'oops", why},
		{"another program", "exec /scripts/start.sh", "the program /scripts/start.sh that starts container coder may set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := build(t, script(c.text), tokens).Replicas[0].Env("CODER_ACCESS_URL")
			assert.Equal(t, deployment.Unknown, got.State, got.Text.String())
			assert.Contains(t, got.Why, c.why)
			assert.NotEmpty(t, got.Proof)
		})
	}
}

func TestAScriptsSecretsAreOnes(t *testing.T) {
	r := build(t, script("export CODER_ACCESS_URL=http://$TOKEN\n  exec coder server --derp-server-relay-url=http://a:$TOKEN@b --config=/$TOKEN"), tokens).Replicas[0]
	for _, name := range []string{"CODER_ACCESS_URL", "CODER_DERP_SERVER_RELAY_URL", "CODER_CONFIG_PATH"} {
		assert.True(t, r.Env(name).FromSecret, name)
		assert.NotContains(t, r.Env(name).String(), "hunter2")
	}
	for _, v := range r.Variables {
		assert.NotContains(t, v.Why+v.Proof, "hunter2")
	}
}

func TestAFlagKnowsItsLine(t *testing.T) {
	d := build(t, image+"command: [/opt/coder]\nargs:\n- server\n- --http-address\n- :1")
	at := d.Replicas[0].Env("CODER_HTTP_ADDRESS").Origin
	assert.Equal(t, 18, at.Line)
	assert.Equal(t, "spec.template.spec.containers[0].args[1]", at.Field)
	inScript := build(t, script("echo hello\n  exec coder server \\\n    --http-address :1"), tokens).Replicas[0].Env("CODER_HTTP_ADDRESS").Origin
	assert.Equal(t, 21, inScript.Line)
}

const withFile = image + `command: [/opt/coder]
args: [server, -c, /etc/coder/coder.yaml]
env: [{name: CODER_ACCESS_URL, value: 'https://coder.example.com'}]
volumeMounts: [{name: config, mountPath: /etc/coder}]
`

// file is a ConfigMap with a config file.
const file = `apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: ns}
data:
  coder.yaml: |
    networking:
      accessURL: https://other.example.com
      http:
        httpAddress: 0.0.0.0:8080
      derp:
        enable: "false"
    experiments: [a, "b, c"]
`

func TestAConfigFileIsReadFromItsMount(t *testing.T) {
	for name, volume := range map[string]string{
		"a ConfigMap":        "configMap: {name: config}",
		"a projected volume": "projected: {sources: [{serviceAccountToken: {path: token}}, {configMap: {name: config}}, {secret: {name: s}}]}",
		"an item":            "configMap: {name: config, items: [{key: coder.yaml, path: coder.yaml}]}",
	} {
		t.Run(name, func(t *testing.T) {
			r := buildPod(t, withFile, "volumes: [{name: config, "+volume+"}]", file, tokens).Replicas[0]
			assert.Empty(t, r.Refusals)
			assert.Equal(t, "https://coder.example.com", r.Env("CODER_ACCESS_URL").String(), "the variable wins")
			address := r.Env("CODER_HTTP_ADDRESS")
			assert.Equal(t, "0.0.0.0:8080", address.String())
			assert.Equal(t, "ConfigMap", address.Origin.Kind)
			require.NotZero(t, address.Origin.Line)
			assert.Equal(t, r.Env("CODER_DERP_SERVER_ENABLE").Origin.Line, address.Origin.Line+2)
			assert.Equal(t, []string{"a", "b, c"}, r.Env("CODER_EXPERIMENTS").List())
			assert.Equal(t, deployment.Missing, r.Env("CODER_PG_CONNECTION_URL").State, "it has no key in a config file")
		})
	}
	t.Run("one that is not in the input leaves open what it may say", func(t *testing.T) {
		for name, volume := range map[string]string{
			"give ConfigMap ns/other too, with --manifest": "configMap: {name: other}",
			"give Secret ns/other too, with --manifest":    "projected: {sources: [{configMap: {name: config, items: [{key: x, path: z}]}}, {secret: {name: other}}]}",
			"set it in the container's env instead":        "emptyDir: {}",
		} {
			r := buildPod(t, withFile, "volumes: [{name: config, "+volume+"}]", file).Replicas[0]
			got := r.Env("CODER_HTTP_ADDRESS")
			assert.Equal(t, deployment.Unknown, got.State)
			assert.Equal(t, "the config file /etc/coder/coder.yaml, which is not in the input, may set CODER_HTTP_ADDRESS", got.Why)
			assert.Equal(t, name, got.Proof)
			assert.Equal(t, deployment.Known, r.Env("CODER_ACCESS_URL").State)
			assert.Equal(t, deployment.Missing, r.Env("CODER_PG_CONNECTION_URL").State)
			assert.Empty(t, r.Refusals)
		}
	})
}

func TestWhatCoderdRefusesIsKept(t *testing.T) {
	for _, c := range []struct {
		name, container string
		want            deployment.Refusal
		line            int
		value           string
	}{
		{"a variable", "env: [{name: CODER_TLS_ENABLE, value: 'no'}]", deployment.Refusal{Variable: "CODER_TLS_ENABLE", Given: "CODER_TLS_ENABLE"}, 15, "no"},
		{"a flag", "command: [coder]\nargs:\n- server\n- --tls-enable=no", deployment.Refusal{Variable: "CODER_TLS_ENABLE", Given: "flag --tls-enable"}, 18, "no"},
		{"a flag's next word", "command: [coder]\nargs:\n- server\n- --postgres-auth\n- iam", deployment.Refusal{Variable: "CODER_PG_AUTH", Given: "flag --postgres-auth"}, 18, "iam"},
		{"a word too many", "command: [coder]\nargs: [server, --tls-enable, 'true']", deployment.Refusal{Given: "the command line"}, 0, ""},
		{"a word too many in a wrapper of its own", "command: [/start, coder, server, 'true']", deployment.Refusal{Given: "the command line", Doubt: "the program /start that starts container coder may pass other arguments on"}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := build(t, image+c.container).Replicas[0]
			require.Len(t, r.Refusals, 1)
			got := r.Refusals[0]
			assert.NotEmpty(t, got.Reason)
			assert.Equal(t, c.line, got.Origin.Line)
			got.Reason, got.Origin = "", deployment.Origin{}
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.value, r.Env(c.want.Variable).Text.String())
		})
	}
	t.Run("and what is right is read all the same", func(t *testing.T) {
		r := build(t, image+"command: [coder]\nargs: [server, --nothing, --http-address=:1]\nenv: [{name: CODER_TLS_ENABLE, value: 'no'}]").Replicas[0]
		assert.Equal(t, ":1", r.Env("CODER_HTTP_ADDRESS").String())
	})
}
