package chart_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// plain is an entry with a value.
func plain(name, value string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: value} }

// envWith is the chart's environment without some names, then more entries.
func envWith(less []string, more ...corev1.EnvVar) []corev1.EnvVar {
	env := slices.DeleteFunc(upstreamWorld("coder", "coder").coder().Env, func(e corev1.EnvVar) bool {
		return slices.Contains(less, e.Name)
	})
	return append(env, more...)
}

func TestAnEntryReplacesTheChartsOwn(t *testing.T) {
	for _, test := range []struct {
		name   string
		values string
		want   []corev1.EnvVar
	}{
		{
			name:   "a listen address stands once, where the user's entries stand",
			values: `coder: {env: [{name: A, value: a}, {name: CODER_HTTP_ADDRESS, value: ":8080"}]}`,
			want:   envWith([]string{"CODER_HTTP_ADDRESS"}, plain("A", "a"), plain("CODER_HTTP_ADDRESS", ":8080")),
		},
		{
			name:   "the cluster host becomes a reference to another field",
			values: `coder: {env: [{name: CODER_CLUSTER_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]}`,
			want:   envWith([]string{"CODER_CLUSTER_HOST"}, fieldEnv("CODER_CLUSTER_HOST", "status.hostIP")),
		},
		{
			name:   "a pod IP of one's own still comes before the relay URL that uses it",
			values: `coder: {env: [{name: A, value: a}, {name: KUBE_POD_IP, value: 192.0.2.1}]}`,
			want: slices.Concat(envWith([]string{"KUBE_POD_IP", "CODER_DERP_SERVER_RELAY_URL", "CODER_CLUSTER_HOST"}),
				[]corev1.EnvVar{
					plain("KUBE_POD_IP", "192.0.2.1"), plain("CODER_DERP_SERVER_RELAY_URL", "http://$(KUBE_POD_IP):8080"),
					fieldEnv("CODER_CLUSTER_HOST", "status.podIP"), plain("A", "a"),
				}),
		},
		{
			name: "and so does what that pod IP is made from",
			values: `
coder:
  env:
    - {name: NODE_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
    - {name: KUBE_POD_IP, value: $(NODE_IP)}`,
			want: slices.Concat(envWith([]string{"KUBE_POD_IP", "CODER_DERP_SERVER_RELAY_URL", "CODER_CLUSTER_HOST"}),
				[]corev1.EnvVar{
					fieldEnv("NODE_IP", "status.hostIP"), plain("KUBE_POD_IP", "$(NODE_IP)"),
					plain("CODER_DERP_SERVER_RELAY_URL", "http://$(KUBE_POD_IP):8080"),
					fieldEnv("CODER_CLUSTER_HOST", "status.podIP"),
				}),
		},
		{
			name: "a relay URL comes after the user's variable that it is made from",
			values: `
coder:
  env:
    - {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
    - {name: CODER_DERP_SERVER_RELAY_URL, value: "http://$(HOST):30080"}
    - {name: COPY, value: $(CODER_DERP_SERVER_RELAY_URL)/$(KUBE_POD_IP)}`,
			want: envWith([]string{"CODER_DERP_SERVER_RELAY_URL"},
				fieldEnv("HOST", "status.hostIP"), plain("CODER_DERP_SERVER_RELAY_URL", "http://$(HOST):30080"),
				plain("COPY", "$(CODER_DERP_SERVER_RELAY_URL)/$(KUBE_POD_IP)")),
		},
		{
			name:   "of two entries the last stands, after what it is made from",
			values: `coder: {env: [{name: A, value: x}, {name: B, value: v}, {name: A, value: $(B)z}]}`,
			want:   envWith(nil, plain("B", "v"), plain("A", "$(B)z")),
		},
		{
			name:   "of two entries the last stands, before what is made from it",
			values: `coder: {env: [{name: A, value: x}, {name: B, value: $(A)}, {name: A, value: z}]}`,
			want:   envWith(nil, plain("A", "z"), plain("B", "$(A)")),
		},
		{
			name:   "an entry made from the one it replaces carries that one's value",
			values: `coder: {env: [{name: P, value: /a}, {name: P, value: "$(P):/b"}, {name: P, value: "$(P):$$(P)"}]}`,
			want:   envWith(nil, plain("P", "/a:/b:$$(P)")),
		},
		{
			name:   "an entry made from a reference that it replaces keeps the reference beside it",
			values: `coder: {env: [{name: KUBE_POD_IP, value: "[$(KUBE_POD_IP)]"}]}`,
			want: slices.Concat(envWith([]string{"KUBE_POD_IP", "CODER_DERP_SERVER_RELAY_URL", "CODER_CLUSTER_HOST"}),
				[]corev1.EnvVar{
					fieldEnv("KUBE_POD_IP_ORIGINAL", "status.podIP"), plain("KUBE_POD_IP", "[$(KUBE_POD_IP_ORIGINAL)]"),
					plain("CODER_DERP_SERVER_RELAY_URL", "http://$(KUBE_POD_IP):8080"),
					fieldEnv("CODER_CLUSTER_HOST", "status.podIP"),
				}),
		},
		{
			name:   "what does not resolve upstream is not made to resolve",
			values: `coder: {env: [{name: B, value: $(A)}, {name: A, value: x}, {name: C, value: $$(A)}]}`,
			want:   envWith(nil, plain("B", "$(A)"), plain("A", "x"), plain("C", "$$(A)")),
		},
		{
			name:   "numbers and booleans become the text that Kubernetes demands",
			values: `coder: {env: [{name: A, value: 1000000}, {name: B, value: true}, {name: C, value: 0.5}, {name: D, value: null}]}`,
			want:   envWith(nil, plain("A", "1000000"), plain("B", "true"), plain("C", "0.5"), plain("D", "")),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, coderOf(t, objects(t, test.values)).Env)
		})
	}
}

// reference is $(NAME), and also the $$ that keeps one from being resolved.
var reference = regexp.MustCompile(`\$\$|\$\(([^)]*)\)`)

func TestNoNameStandsTwiceAndTheChartsReferencesResolve(t *testing.T) {
	for _, test := range goldenCases(t) {
		if test.expectedError != "" {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, err := test.rendering(t, "default").run(t)
			require.NoError(t, err, stderr)
			seen := map[string]bool{}
			for _, entry := range coderOf(t, decode(t, stdout)).Env {
				for _, match := range reference.FindAllStringSubmatch(entry.Value, -1) {
					assert.True(t, match[1] == "" || seen[match[1]], "%s refers to %s", entry.Name, match[0])
				}
				assert.False(t, seen[entry.Name], "%s stands twice", entry.Name)
				seen[entry.Name] = true
			}
		})
	}
}

func TestTwoEntriesThatNeedEachOtherAreRefused(t *testing.T) {
	message := refusal(t, `coder: {env: [{name: A, value: x}, {name: B, value: $(A)}, {name: A, value: $(B)}]}`)
	assert.Contains(t, message, "refers to itself through another entry")
	assert.Contains(t, message, "coder.env")
}
