package chart_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// bothHelms runs a test with Helm 3 and with Helm 4.
func bothHelms(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Run("Helm 3", test)
	t.Run("Helm 4", func(t *testing.T) {
		withHelm4(t)
		test(t)
	})
}

const ownKeys = ": correct the name, or put keys of your own under coder.extra, where extraTemplates can read them."

func TestUnknownKeysAreRefusedInOneSentence(t *testing.T) {
	bothHelms(t, func(t *testing.T) {
		for values, want := range map[string]string{
			`coder: {replicas: 3}`:                                                  "The chart has no key coder.replicas (the nearest key is coder.replicaCount)",
			`coder: {serviec: {type: ClusterIP}}`:                                   "no key coder.serviec (the nearest key is coder.service)",
			`coder: {nodeselector: {}}`:                                             "no key coder.nodeselector (the nearest key is coder.nodeSelector)",
			`coder: {ingress: {enabled: true}}`:                                     "no key coder.ingress.enabled (the nearest key is coder.ingress.enable)",
			`coder: {ingress: {tls: {enabled: true}}}`:                              "no key coder.ingress.tls.enabled (the nearest key is coder.ingress.tls.enable)",
			`coder: {host: coder.example.com}`:                                      "no key coder.host (the nearest key is coder.httproute.host or coder.ingress.host)",
			`coder: {secretNames: [a]}`:                                             "no key coder.secretNames (the nearest key is coder.tls.secretNames)",
			`coder: {tlss: 1, imge: {}}`:                                            "The chart has no key coder.imge (the nearest key is coder.image), no key coder.tlss (the nearest key is coder.tls)",
			`provisionerDaemon: {pskSecret: a}`:                                     "no key provisionerDaemon.pskSecret (the nearest key is provisionerDaemon.pskSecretName)",
			`coder: {certs: {secrets: [{name: a, key: b, keys: c}]}}`:               "no key coder.certs.secrets[0].keys (the nearest key is coder.certs.secrets[0].key)",
			`coder: {serviceAccount: {workspaceNamespaces: [{name: a}, {nam: b}]}}`: "no key coder.serviceAccount.workspaceNamespaces[1].nam (the nearest key is coder.serviceAccount.workspaceNamespaces[1].name)",
		} {
			assert.Contains(t, refusal(t, values), want+ownKeys, values)
		}
		assert.Contains(t, refusal(t, `coder: {quux: 1}`), "The chart has no key coder.quux"+ownKeys, "nothing is near")
	})
}

// Every object of the chart's own is closed; those of Kubernetes and the user's are
// not.
func TestNoObjectOfTheChartTakesAnyKey(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(chartDir, "values.schema.json"))
	require.NoError(t, err)
	var schema struct {
		Properties map[string]any `json:"properties"`
	}
	require.NoError(t, json.Unmarshal(text, &schema))
	var closed int
	var try func(path []string, node map[string]any)
	try = func(path []string, node map[string]any) {
		properties, _ := node["properties"].(map[string]any)
		if len(properties) == 0 {
			return
		}
		if node["additionalProperties"] != true {
			closed++
			values := strings.Join(path, ": {") + ": {misspelled: 1" + strings.Repeat("}", len(path))
			assert.Contains(t, refusal(t, values), strings.Join(path, ".")+".misspelled", values)
		}
		for key, below := range properties {
			try(append(slices.Clip(path), key), below.(map[string]any))
		}
	}
	for key, node := range schema.Properties {
		try([]string{key}, node.(map[string]any))
	}
	assert.Greater(t, closed, 15)
}

func TestKeysOfTheUsersOwnHaveAPlace(t *testing.T) {
	all := objects(t, `
coder: {extra: {team: {name: a}, replicas: 3}}
company: b
extraTemplates:
  # A map, as a parent chart or several values files can add to.
  second: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "{{ .Values.company }}"}
  first:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "{{ .Values.coder.extra.team.name }}"}`)
	find[*corev1.ConfigMap](t, all, "a")
	find[*corev1.ConfigMap](t, all, "b")
}

func TestWordsForTrueAndFalseHaveTheirMeaning(t *testing.T) {
	bothHelms(t, func(t *testing.T) {
		words := objects(t, `coder: {ingress: {enable: "true", tls: {enable: "false"}}, service: {enable: "true"}, envUseClusterAccessURL: "false", serviceAccount: {disableCreate: "true", workspaceNamespaces: [{name: a, workspacePerms: "false"}]}}`)
		values := objects(t, `coder: {ingress: {enable: true, tls: {enable: false}}, service: {enable: true}, envUseClusterAccessURL: false, serviceAccount: {disableCreate: true, workspaceNamespaces: [{name: a, workspacePerms: false}]}}`)
		equalObjects(t, byKey(t, values), byKey(t, words))
	})
	assert.Contains(t, refusal(t, `coder: {service: {enable: "yes"}}`), "'/coder/service/enable'")
}

func TestARuleMayStandAlone(t *testing.T) {
	one := objects(t, `coder: {serviceAccount: {extraRules: {apiGroups: [""], resources: [services], verbs: [get]}}}`)
	list := objects(t, `coder: {serviceAccount: {extraRules: [{apiGroups: [""], resources: [services], verbs: [get]}]}}`)
	equalObjects(t, byKey(t, list), byKey(t, one))
}

func TestTheStrategyHasASecondName(t *testing.T) {
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		const recreate = `trategy: {type: Recreate}`
		first := objects(t, `coder: {s`+recreate+`}`, set("coder.workloadKind="+kind))
		second := objects(t, `coder: {deploymentS`+recreate+`}`, set("coder.workloadKind="+kind))
		equalObjects(t, byKey(t, first), byKey(t, second))
		both := objects(t, `coder: {s`+recreate+`, deploymentStrategy: {type: RollingUpdate}}`, set("coder.workloadKind="+kind))
		equalObjects(t, byKey(t, first), byKey(t, both))
	}
}
