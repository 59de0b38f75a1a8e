package chart_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notes are what an install would print. Only Helm 4 says so without a cluster.
func notes(t *testing.T, values string) string {
	t.Helper()
	withHelm4(t)
	r := newRendering(t, values, nil)
	options := &helm.Options{Logger: logger.Discard, KubectlOptions: k8s.NewKubectlOptions("", "", "coder")}
	stdout, err := helm.RunHelmCommandAndGetStdOutContextE(t, renderContext(t), options,
		"install", "coder", chartDir, "--dry-run=client", "-f", r.valuesFiles[0])
	require.NoError(t, err)
	_, text, found := strings.Cut(stdout, "NOTES:\n")
	require.True(t, found, stdout)
	return text
}

func TestNotesSayWhatTheReleaseIs(t *testing.T) {
	text := notes(t, `
coder:
  replicaCount: 3
  env:
    - {name: CODER_ACCESS_URL, value: "https://coder.example.com"}
    - {name: CODER_PG_CONNECTION_URL, value: "postgres://coder:hunter2@db/coder"}`)
	for _, want := range []string{
		"StatefulSet coder in namespace coder",
		"Access URL: https://coder.example.com",
		"Replicas:  3",
		"Relay URL: http://$(KUBE_POD_IP):8080",
		"CODER_PG_CONNECTION_URL, written in coder.env",
		"helm coder-ha validate",
		"helm test coder -n coder",
		"replaced once the Node is deleted",
		"kubectl delete pod coder-N -n coder --force --grace-period=0",
		"coder.workloadKind=Deployment replaces replicas by itself",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, "hunter2", "a password never shows")
	assert.NotContains(t, text, "Please note", "nothing was translated")
}

func TestPoolsAreNotNotedWhereTheReplicasTakeNoBuilds(t *testing.T) {
	assert.NotContains(t, notes(t, `{provisionerDaemon: {pools: [{name: a, keySecretName: k}]}, coder: {env: [{name: CODER_PROVISIONER_DAEMONS, value: "0"}]}}`), "take builds too")
}

func TestAKeyOfTheUsersOwnIsNotNoted(t *testing.T) {
	assert.NotContains(t, notes(t, `{replicaCount: 3, extraTemplates: ["{{/* {{ .Values.replicaCount }} */}}"]}`), "has no effect", "an extra template reads it")
	assert.NotContains(t, notes(t, `{team: a, global: {replicaCount: 3}}`), "has no effect")
}

func TestNotesSayWhatCouldNotBeKnown(t *testing.T) {
	for _, test := range []struct{ name, values, want string }{
		{"one replica", `{}`, "not highly available; set coder.replicaCount=3"},
		{"two replicas", `coder: {replicaCount: 2, workspaceProxy: true}`, "at least three are advised"},
		{"no database", `{}`, "the built-in database is lost with the pod"},
		{"a database from envFrom", `coder: {replicaCount: 3, envFrom: [{secretRef: {name: db}}]}`, "not known from the values"},
		{
			"a database from a Secret",
			`coder: {env: [{name: CODER_PG_CONNECTION_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}]}`,
			"from the reference in coder.env",
		},
		{"no database for a proxy", `coder: {workspaceProxy: true}`, "a workspace proxy keeps nothing"},
		{"the in-cluster access URL", `{}`, "That is the in-cluster default"},
		{"an access URL that envFrom cannot set", `coder: {envFrom: [{secretRef: {name: a}}]}`, "this entry wins until coder.envUseClusterAccessURL=false"},
		{"an access URL from elsewhere", `coder: {envUseClusterAccessURL: false}`, "or Coder opens a public tunnel"},
		{"a relay URL from a Secret", `coder: {env: [{name: CODER_DERP_SERVER_RELAY_URL, valueFrom: {secretKeyRef: {name: a, key: b}}}]}`, "Relay URL: from the reference in coder.env"},
		{"custom relays", `coder: {env: [{name: CODER_DERP_SERVER_ENABLE, value: "false"}]}`, "The embedded relay is off"},
		{"another HTTP port", `coder: {env: [{name: CODER_HTTP_ADDRESS, value: ":3000"}]}`, "CODER_HTTP_ADDRESS is changed in coder.env"},
		{"a load balancer", `{}`, "kubectl get service coder -n coder"},
		{"a cluster IP", `coder: {service: {type: ClusterIP}}`, "kubectl port-forward service/coder 8080:80 -n coder"},
		{"a NetworkPolicy", `coder: {networkPolicy: {enable: true}}`, "which must enforce it"},
		{"a PodMonitor nobody may know", `coder: {podMonitor: {enable: true}}`, "the Prometheus operator must be in the cluster"},
		{"a ServiceMonitor nobody may know", `coder: {serviceMonitor: {enable: true}}`, "ServiceMonitor is not among the known APIs"},
		{"builds in the replicas beside pools", `provisionerDaemon: {pools: [{name: a, keySecretName: k}]}`, "The replicas take builds too, beside the pools"},
		{"patches", `patches: [{target: {kind: StatefulSet}, merge: {spec: {revisionHistoryLimit: 3}}}]`, "Objects of the chart are changed by patches (1)"},
		{"a key in the wrong place", `replicaCount: 3`, "replicaCount at the top of the values has no effect: the chart reads coder.replicaCount."},
		{"root", `coder: {securityContext: {runAsUser: 0, runAsNonRoot: false}}`, "Coder runs as root and keeps the container runtime's capabilities"},
		{"a budget of one's own", `{coder: {replicaCount: 3, envFrom: [{secretRef: {name: db}}]}, extraTemplates: [{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: mine}, spec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/name: coder}}}}]}`, "The chart makes no PodDisruptionBudget, as mine selects the same pods"},
		{"a surge in the host network", `coder: {hostNetwork: true, workloadKind: Deployment}`, "one node more than there are replicas"},
	} {
		t.Run(test.name, func(t *testing.T) { assert.Contains(t, notes(t, test.values), test.want) })
	}
}

func TestNotesSayWhatBecameOfTheStrategy(t *testing.T) {
	const recreate = `coder: {strategy: {type: Recreate}`
	for _, test := range []struct{ name, values, want string }{
		{"Recreate", recreate + `}`, "coder.strategy Recreate became RollingUpdate with maxUnavailable 100%"},
		{"an own strategy", recreate + `, updateStrategy: {type: OnDelete}}`, "coder.updateStrategy is set and taken as it is"},
		{"a surge", `coder: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}`, "maxSurge has no equivalent"},
		{"nothing unavailable", `coder: {strategy: {rollingUpdate: {maxUnavailable: 0}}}`, "maxUnavailable 0 cannot be kept"},
		{"two at a time", `coder: {strategy: {rollingUpdate: {maxUnavailable: 2}}}`, "2 unavailable at a time"},
	} {
		t.Run(test.name, func(t *testing.T) { assert.Contains(t, notes(t, test.values), test.want) })
	}

	// Before 1.37 the API server drops maxUnavailable. helm template has no
	// notes, but a version of Kubernetes, and templates of a user's.
	const note = `
coder: {replicaCount: 2, workspaceProxy: true, strategy: %s}
extraTemplates:
  - |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: note}
    data: {note: {{ include "coder-ha.strategyNote" . | toJson }}}`
	for strategy, want := range map[string]string{
		`{type: Recreate}`:                     "scale to 0 before the upgrade",
		`{rollingUpdate: {maxUnavailable: 2}}`: "replaces one replica after the other",
	} {
		values := fmt.Sprintf(note, strategy)
		assert.Contains(t, render(t, values, forKubernetes("1.36.0")), want)
		assert.NotContains(t, render(t, values, forKubernetes("1.37.0")), want)
	}
	assert.NotContains(t, notes(t, recreate+`, workloadKind: Deployment}`), "coder.strategy", "it was passed on")
	assert.NotContains(t, notes(t, `coder: {workloadKind: Deployment}`), "--force", "a Deployment replaces lost pods")
}
