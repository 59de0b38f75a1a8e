package chart_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// schemaNode is what the tests read of a JSON schema.
type schemaNode struct {
	Schema      string                `json:"$schema"`
	Description string                `json:"description"`
	Properties  map[string]schemaNode `json:"properties"`
	Items       *schemaNode           `json:"items"`
	Default     any                   `json:"default"`
	Examples    []any                 `json:"examples"`
}

func readSchema(t *testing.T) schemaNode {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chartDir, "values.schema.json"))
	require.NoError(t, err)
	var schema schemaNode
	require.NoError(t, json.Unmarshal(text, &schema))
	return schema
}

// descriptions are those of all keys below a schema, by dotted path.
func (s schemaNode) descriptions(path string, into map[string]string) {
	for name, property := range s.Properties {
		into[path+name] = property.Description
		property.descriptions(path+name+".", into)
	}
	if s.Items != nil {
		s.Items.descriptions(path+"[].", into)
	}
}

// hint matches what helm-docs reads beside the description: a type in brackets.
var hint = regexp.MustCompile(`^\([a-z ]+\) `)

// comments are the descriptions of all keys of values.yaml, by dotted path: the
// text from "# --" to the next line that starts with "@".
func comments(node *yaml.Node, path string, into map[string]string) {
	for i := 0; i+1 < len(node.Content) && node.Kind == yaml.MappingNode; i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		_, text, _ := strings.Cut(key.HeadComment, "# -- ")
		text, _, _ = strings.Cut(text, "\n# @")
		text = hint.ReplaceAllString(strings.ReplaceAll(text, "\n# ", " "), "")
		into[path+key.Value] = text
		comments(value, path+key.Value+".", into)
	}
}

// onlyInSchema are keys without a default: refused with a sentence of their
// own, or not the chart's at all. Keys of list items are below "[]".
var onlyInSchema = map[string]bool{"coder.tls.secretName": true, "global": true}

// mark is the key by which the templates know the defaults of this version.
var mark = "defaultsOf.v" + chartVersion

func TestValuesAndSchemaDescribeTheSameKeys(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(chartDir, "values.yaml"))
	require.NoError(t, err)
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &document))
	values, schema := map[string]string{}, map[string]string{}
	comments(document.Content[0], "", values)
	readSchema(t).descriptions("", schema)
	for key, description := range schema {
		assert.NotEmpty(t, description, "%s has no description in values.schema.json", key)
		if onlyInSchema[key] || strings.Contains(key, "[]") {
			delete(schema, key)
		}
	}
	require.Greater(t, len(values), 150)
	require.Contains(t, values, mark, "values.yaml must have the mark of the chart's version")
	delete(values, mark)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		assert.NotEmpty(t, values[key], "%s has no comment in values.yaml", key)
	}
	assert.Equal(t, values, schema, "values.yaml against values.schema.json")
}

// TestTheSchemaHasTheDefaultsOfTheValues also renders with every example.
func TestTheSchemaHasTheDefaultsOfTheValues(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(chartDir, "values.yaml"))
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, yaml.Unmarshal(text, &values))
	compared := 0
	var compare func(path string, node schemaNode, value any)
	compare = func(path string, node schemaNode, value any) {
		section, _ := value.(map[string]any)
		if len(node.Properties) == 0 {
			want, err := json.Marshal(value)
			require.NoError(t, err)
			got, err := json.Marshal(node.Default)
			require.NoError(t, err)
			assert.JSONEq(t, string(want), string(got), path)
			compared++
		}
		for name, property := range node.Properties {
			if below := strings.TrimPrefix(path+"."+name, "."); !onlyInSchema[below] && below != "defaultsOf" {
				compare(below, property, section[name])
			}
		}
	}
	compare("", readSchema(t), values)
	assert.Greater(t, compared, 150)
}

func TestEveryExampleOfTheSchemaRenders(t *testing.T) {
	examples := 0
	var try func(path []string, node schemaNode)
	try = func(path []string, node schemaNode) {
		for _, example := range node.Examples {
			examples++
			value := example
			for _, key := range slices.Backward(path) {
				value = map[string]any{key: value}
			}
			values, err := json.Marshal(value)
			require.NoError(t, err)
			t.Run(strings.Join(path, "."), func(t *testing.T) {
				render(t, string(values), set("coder.envFrom[0].secretRef.name=db"), set("provisionerDaemon.pskSecretName=psk"))
			})
		}
		for name, property := range node.Properties {
			try(append(slices.Clip(path), name), property)
		}
	}
	try(nil, readSchema(t))
	assert.Greater(t, examples, 50)
}

func TestTheSchemaIsDraft7WhichBothHelmsRead(t *testing.T) {
	assert.Equal(t, "http://json-schema.org/draft-07/schema#", readSchema(t).Schema)
}

func TestTheSchemaIsLinkedFromTheTop(t *testing.T) {
	top, err := checkout.Path("values.schema.json")
	require.NoError(t, err)
	target, err := filepath.EvalSymlinks(top)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(chartDir, "values.schema.json"), target)
}

func TestWrongKindsOfValueAreRefused(t *testing.T) {
	for path, values := range map[string]string{
		"/coder/replicaCount":         `coder: {replicaCount: three}`,
		"/coder/workloadKind":         `coder: {workloadKind: DaemonSet}`,
		"/coder/relay/hostFrom":       `coder: {relay: {hostFrom: nodeName}}`,
		"/coder/ingress/enable":       `coder: {ingress: {enable: "yes please"}}`,
		"/coder/env":                  `coder: {env: {CODER_VERBOSE: "true"}}`,
		"/coder/env/0":                `coder: {env: [CODER_VERBOSE=true]}`,
		"/coder/image/digest":         `coder: {image: {digest: v2.37}}`,
		"/coder/service/ipFamilies/0": `coder: {service: {ipFamilies: [v6]}}`,

		"/coder/service/type":                  `coder: {service: {type: Loadbalancer}}`,
		"/coder/service/sessionAffinity":       `coder: {service: {sessionAffinity: clientIP}}`,
		"/coder/service/externalTrafficPolicy": `coder: {service: {externalTrafficPolicy: local}}`,
		"/coder/image/pullPolicy":              `coder: {image: {pullPolicy: IfAbsent}}`,
		"/coder/serviceAccount/name":           `coder: {serviceAccount: {name: Coder_SA}}`,
		"/coder/goMemoryLimitPercent":          `coder: {goMemoryLimitPercent: 120}`,
		"/nameOverride":                        `nameOverride: Coder`,
	} {
		t.Run(path, func(t *testing.T) { assert.Contains(t, refusal(t, values), "'"+path+"'") })
	}
}

func TestWhatUpstreamToleratesIsAccepted(t *testing.T) {
	for name, values := range map[string]string{
		"words where true or false is meant":          `coder: {service: {enable: "true"}, envUseClusterAccessURL: "false", singleStackIPv6: "", ingress: {enable: "false"}, serviceAccount: {workspaceNamespaces: [{name: a, enableDeployments: "false"}]}}`,
		"numbers where text is meant":                 `coder: {service: {httpNodePort: 30080, loadBalancerIP: 1}, image: {tag: 2.37}, priorityClassName: 5, ingress: {className: 1}}`,
		"nulls for single values":                     `coder: {image: {tag: null, pullPolicy: null, digest: null}, replicaCount: null, priorityClassName: null, workspaceProxy: null, drainDelaySeconds: null, terminationGracePeriodSeconds: null, unreachableTolerationSeconds: null, listenAddress: null, clusterDomain: null, envUseClusterAccessURL: null, command: null}`,
		"nulls for whole sections":                    `{nameOverride: null, fullnameOverride: null, extraTemplates: null, provisionerDaemon: null, coder: {env: null, envFrom: null, image: null, serviceAccount: null, securityContext: null, podSecurityContext: null, certs: null, tls: null, strategy: null, updateStrategy: null, lifecycle: null, resources: null, readinessProbe: null, livenessProbe: null, startupProbe: null, affinity: null, topologySpreadConstraints: null, tolerations: null, nodeSelector: null, podDisruptionBudget: null, relay: null, service: null, ingress: null, httproute: null, listenerset: null, networkPolicy: null, podMonitor: null, test: null, annotations: null, labels: null, podAnnotations: null, podLabels: null, volumes: null, volumeMounts: null, initContainers: null, extraContainers: null, hostAliases: null}}`,
		"nulls inside sections":                       `coder: {ingress: {enable: true, tls: null, host: null, annotations: null}, httproute: {enable: true, httpsRedirect: null, parentRefs: null}, service: {annotations: null, httpNodePort: null}, networkPolicy: {enable: true, webPorts: null, postgresPorts: null}, podMonitor: {enable: true, labels: null}, podDisruptionBudget: {maxUnavailable: null}, replicaCount: 2, envFrom: [{}]}`,
		"keys of a parent chart":                      `global: {imageRegistry: registry.example.com}`,
		"keys for the extra templates":                `myCompany: {team: a}`,
		"Kubernetes' own objects, whatever they hold": `coder: {affinity: {x: 1}, securityContext: {fsgroup: 1, runAsUser: "1000"}, strategy: {x: 1}, lifecycle: {x: 1}, env: [{name: A, x: 1}], volumes: [{x: 1}], tolerations: [{x: 1}], topologySpreadConstraints: [{x: 1}], nodeSelector: {a: 1}, resources: {x: 1}, hostAliases: [{x: 1}], podSecurityContext: {x: 1}, initContainers: [{x: 1}], extraContainers: [{x: 1}], listenerset: {parentRef: {x: 1}, listeners: [{x: 1}]}}`,
	} {
		t.Run(name, func(t *testing.T) { render(t, values) })
	}
}
