package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatCannotWorkIsRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		values string
		want   string
	}{
		{
			name:   "replicas without a database",
			values: `coder: {replicaCount: 3}`,
			want:   "coder.replicaCount is 3, but coder.env has no CODER_PG_CONNECTION_URL, so each replica would start a database of its own: set CODER_PG_CONNECTION_URL in coder.env, or in a Secret listed in coder.envFrom, to the one Postgres that all replicas share (postgres-url-missing).",
		},
		{
			name:   "replicas with an empty database URL",
			values: `coder: {replicaCount: 2, env: [{name: CODER_PG_CONNECTION_URL, value: ""}]}`,
			want:   "coder.replicaCount is 2, but coder.env has no CODER_PG_CONNECTION_URL",
		},
		{
			name:   "replicas whose command is the image's own",
			values: `coder: {replicaCount: 2, command: null, commandArgs: [server, --verbose]}`,
			want:   "(postgres-url-missing)",
		},
		{
			name: "a relay URL that is the access URL, written differently",
			values: `
coder:
  env:
    - {name: CODER_ACCESS_URL, value: https://coder.example.com/}
    - {name: CODER_DERP_SERVER_RELAY_URL, value: "HTTPS://Coder.Example.COM.:443"}`,
			want: "CODER_DERP_SERVER_RELAY_URL in coder.env is the access URL, where the load balancer answers instead of the one replica that is meant: remove CODER_DERP_SERVER_RELAY_URL from coder.env, and each replica advertises its own address (relay-url-equals-access-url).",
		},
		{
			name:   "a relay URL that refers to the access URL",
			values: `coder: {env: [{name: CODER_DERP_SERVER_RELAY_URL, value: $(CODER_ACCESS_URL)}]}`,
			want:   "(relay-url-equals-access-url)",
		},
		{
			name:   "a relay URL that is the chart's own access URL, over another scheme",
			values: `coder: {env: [{name: CODER_DERP_SERVER_RELAY_URL, value: "https://coder.coder.svc.cluster.local"}]}`,
			want:   "(relay-url-equals-access-url)",
		},
		{
			name:   "a preflight without an image",
			values: `coder: {preflight: {enabled: true}}`,
			want:   "coder.preflight.enabled needs an image with the plugin and its agent",
		},
		{
			name:   "a preflight of a workspace proxy",
			values: `coder: {workspaceProxy: true, preflight: {enabled: true, image: i}}`,
			want:   "coder.preflight.enabled checks replicas of coderd, and coder.workspaceProxy runs none: set one of the two to false.",
		},
		{
			name:   "a preflight in no time",
			values: `coder: {preflight: {enabled: true, image: i, timeoutSeconds: 5}}`,
			want:   "coder.preflight.timeoutSeconds is 5, in which no pod can be started and asked: set 30 or more.",
		},
		{
			name:   "a preflight whose time is null",
			values: `coder: {preflight: {enabled: true, image: i, timeoutSeconds: null}}`,
			want:   "coder.preflight.timeoutSeconds is 0, in which no pod can be started and asked: set 30 or more.",
		},
		{
			name: "a preflight of more than a Secret can hold",
			values: `
coder: {preflight: {enabled: true, image: i}}
extraTemplates: ['{apiVersion: v1, kind: ConfigMap, metadata: {name: large}, data: {a: {{ repeat 1048576 "a" }}}}']`,
			want: "coder.preflight.enabled puts the objects of the release into a Secret, which has room for 1048576 bytes",
		},
		{
			name:   "the old name of the TLS secrets",
			values: `coder: {tls: {secretName: coder-tls}}`,
			want:   "coder.tls.secretName is deprecated, use coder.tls.secretNames instead.",
		},
		{
			name:   "an Ingress without its Service",
			values: `coder: {service: {enable: false}, ingress: {enable: true}}`,
			want:   "coder.ingress.enable is true, but coder.service.enable is false and there is no Service to send requests to: set coder.service.enable=true, or coder.ingress.enable=false.",
		},
		{
			name:   "a route without its Service",
			values: `coder: {service: {enable: false}, httproute: {enable: true}}`,
			want:   "coder.httproute.enable is true, but coder.service.enable is false",
		},
		{
			name:   "listeners without the Service",
			values: `coder: {service: {enable: false}, listenerset: {enable: true}}`,
			want:   "coder.listenerset.enable is true, but coder.service.enable is false",
		},
		{
			name:   "listeners without a Gateway",
			values: `coder: {listenerset: {enable: true}}`,
			want:   "coder.listenerset.parentRef is required when coder.listenerset.enable=true",
		},
		{
			name:   "a Gateway without listeners",
			values: `coder: {listenerset: {enable: true, parentRef: {name: gateway}}}`,
			want:   "coder.listenerset.listeners is required when coder.listenerset.enable=true",
		},
		{
			name:   "a redirect without a Gateway",
			values: `coder: {httproute: {enable: true, parentRefs: [{name: gateway}], httpsRedirect: {enable: true}}}`,
			want:   "coder.httproute.httpsRedirect.parentRefs is required when coder.httproute.httpsRedirect.enable=true",
		},
		{
			name:   "replicas in the host network that may share a node",
			values: `coder: {hostNetwork: true, replicaCount: 2, envFrom: [{secretRef: {name: db}}], affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}}`,
			want:   "coder.hostNetwork gives each replica its node's ports 8080 and 6222, so no two may share a node, but coder.affinity does not require that: remove podAntiAffinity from coder.affinity, and the chart requires it, or add a podAntiAffinity rule under requiredDuringSchedulingIgnoredDuringExecution with topologyKey kubernetes.io/hostname (host-network-ports).",
		},
		{
			name:   "a NetworkPolicy for pods that it would not protect",
			values: `coder: {hostNetwork: true, networkPolicy: {enable: true}}`,
			want:   "coder.networkPolicy.enable has no effect on pods with coder.hostNetwork, which would look protected and not be: set one of the two to false.",
		},
		{
			name:   "a relay by the name of pods that have none",
			values: `coder: {workloadKind: Deployment, relay: {hostFrom: podName}}`,
			want:   "coder.relay.hostFrom is podName, but the pods of a Deployment have no stable names: set coder.relay.hostFrom=podIP, or coder.workloadKind=StatefulSet.",
		},
		{
			name:   "listening where nobody can come",
			values: `coder: {listenAddress: 127.0.0.1}`,
			want:   "coder.listenAddress is 127.0.0.1, where neither the Service nor the other replicas can reach a replica: leave coder.listenAddress empty, or name an address of the pod.",
		},
		{
			name:   "listening on IPv4 where only IPv6 is dialed",
			values: `coder: {singleStackIPv6: true, listenAddress: 0.0.0.0}`,
			want:   "coder.listenAddress is 0.0.0.0, but coder.singleStackIPv6 is true and the replicas are dialed over IPv6: leave coder.listenAddress empty, or name an IPv6 address.",
		},
		{
			name:   "a drain delay that uses up the grace period",
			values: `coder: {drainDelaySeconds: 30, terminationGracePeriodSeconds: 30}`,
			want:   "coder.drainDelaySeconds is 30 and coder.terminationGracePeriodSeconds is 30, so coderd would be killed before it hears the stop signal: make coder.terminationGracePeriodSeconds larger.",
		},
		{
			name:   "a name too long for a StatefulSet",
			values: `nameOverride: ` + strings.Repeat("a", 53),
			want:   "The StatefulSet's name " + strings.Repeat("a", 53) + " is longer than 52 characters, and Kubernetes could not label its pods: set a shorter nameOverride or fullnameOverride, or coder.workloadKind=Deployment.",
		},
		{
			name:   "scraping metrics that are off",
			values: `coder: {podMonitor: {enable: true}, env: [{name: CODER_PROMETHEUS_ENABLE, value: "false"}]}`,
			want:   `coder.podMonitor.enable is true, but CODER_PROMETHEUS_ENABLE in coder.env is not "true" and coderd would serve no metrics: remove CODER_PROMETHEUS_ENABLE from coder.env, and the chart sets it.`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Contains(t, refusal(t, test.values), test.want)
		})
	}
}

func TestWhatCanWorkIsNotRefused(t *testing.T) {
	for name, values := range map[string]string{
		"replicas with a database URL from a Secret":    `coder: {replicaCount: 3, env: [{name: CODER_PG_CONNECTION_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}]}`,
		"replicas with an environment nobody can see":   `coder: {replicaCount: 3, envFrom: [{secretRef: {name: all}}]}`,
		"replicas with the database URL as a flag":      `coder: {replicaCount: 3, commandArgs: [server, --postgres-url=$(DB)]}`,
		"replicas with that flag in the command":        `coder: {replicaCount: 3, command: [/opt/coder, server, --postgres-url=x]}`,
		"replicas whose command sets the environment":   `coder: {replicaCount: 3, command: [/bin/sh, -c], commandArgs: [". /vault/env && exec /opt/coder server"]}`,
		"replicas of a workspace proxy":                 `coder: {replicaCount: 3, workspaceProxy: true}`,
		"one replica without a database":                `coder: {replicaCount: 1}`,
		"no replica at all":                             `coder: {replicaCount: 0}`,
		"replicas left to Kubernetes":                   `coder: {replicaCount: null}`,
		"a relay URL on another port of that host":      `coder: {env: [{name: CODER_ACCESS_URL, value: "https://h.example.com"}, {name: CODER_DERP_SERVER_RELAY_URL, value: "http://h.example.com:8080"}]}`,
		"a relay URL on another host":                   `coder: {env: [{name: CODER_ACCESS_URL, value: "https://h.example.com"}, {name: CODER_DERP_SERVER_RELAY_URL, value: "https://relay.h.example.com"}]}`,
		"that relay URL where Coder's own relay is off": `coder: {env: [{name: CODER_DERP_SERVER_ENABLE, value: "false"}, {name: CODER_DERP_SERVER_RELAY_URL, value: $(CODER_ACCESS_URL)}]}`,
		"an access URL that nobody can see":             `coder: {env: [{name: CODER_ACCESS_URL, valueFrom: {secretKeyRef: {name: a, key: b}}}]}`,
		"no Service and nothing that needs it":          `coder: {service: {enable: false}}`,
		"one replica in the host network, anywhere":     `coder: {hostNetwork: true, affinity: null}`,
		"a database URL that is no URL":                 `coder: {replicaCount: 2, env: [{name: CODER_PG_CONNECTION_URL, value: "host=db user=coder"}, {name: CODER_ACCESS_URL, value: "::"}]}`,
		"a long drain with a longer grace period":       `coder: {drainDelaySeconds: 120, terminationGracePeriodSeconds: 1800}`,
		"a user's preStop with a short grace period":    `coder: {lifecycle: {preStop: {exec: {command: [x]}}}, terminationGracePeriodSeconds: 5}`,
		"a redirect of a route that is off":             `coder: {httproute: {httpsRedirect: {enable: true}}}`,
		"a Deployment of a long name":                   `{nameOverride: ` + strings.Repeat("a", 63) + `, coder: {workloadKind: Deployment}}`,
	} {
		t.Run(name, func(t *testing.T) { objects(t, values) })
	}
}

// A chart without a version of Coder, as one packaged from a checkout may be,
// must be told which image to run.
func TestAMissingImageTagIsRefused(t *testing.T) {
	const sentence = "You must specify the coder.image.tag value if you're installing the Helm chart directly from Git."
	for _, version := range []string{`"0.1.0"`, `""`} {
		chart := copyChart(t, "appVersion: \""+appVersion+"\"", "appVersion: "+version)
		assert.Contains(t, refusal(t, `{}`, fromChart(chart)), sentence)
		assert.Contains(t, refusal(t, `coder: {image: {tag: null}}`, fromChart(chart)), sentence)
		tagged := coderOf(t, objects(t, `coder: {image: {tag: 2.37}}`, fromChart(chart)))
		assert.Equal(t, "ghcr.io/coder/coder:2.37", tagged.Image)
		digest := coderOf(t, objects(t, `coder: {image: {digest: "sha256:0123456789abcdef0123456789abcdef"}}`, fromChart(chart)))
		assert.Equal(t, "ghcr.io/coder/coder@sha256:0123456789abcdef0123456789abcdef", digest.Image)
	}
}

// copyChart is a copy of the chart with one text of Chart.yaml changed.
func copyChart(t *testing.T, from, to string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "coder")
	require.NoError(t, os.CopyFS(dir, os.DirFS(chartDir)))
	file := filepath.Join(dir, "Chart.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), from, to, 1)), 0o600))
	return dir
}
