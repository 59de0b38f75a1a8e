package checks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
)

// TestNoFindingShowsASecret puts one secret wherever a user may have put it.
func TestNoFindingShowsASecret(t *testing.T) {
	const secret = "hunter2"
	for name, change := range map[string]func(*world){
		"the password of a relay URL": func(w *world) { w.set(relayVar, "http://u:hunter2@coder.example.com:8080") },
		"one that is not encoded":     func(w *world) { w.set(relayVar, "http://u:a/hunter2@10.0.0.1:8080") },
		"a token as the user":         func(w *world) { w.set(relayVar, "http://hunter2@10.0.0.1:8080") },
		"a query":                     func(w *world) { w.set(relayVar, "http://10.0.0.1:8080/?token=hunter2") },
		"the access URL":              func(w *world) { w.set("CODER_ACCESS_URL", "ftp://u:a/hunter2@coder.example.com") },
		"a relay URL that is replaced": func(w *world) {
			w.container().Env = append(w.container().Env, corev1.EnvVar{Name: relayVar, Value: "http://u:hunter2@10.0.0.1:8080"})
		},
		"a part of the relay URL that is replaced": func(w *world) {
			w.unset(relayVar)
			w.container().Env = append(w.container().Env, corev1.EnvVar{Name: "PW", Value: secret}, corev1.EnvVar{Name: "PW", Value: secret + "!"},
				corev1.EnvVar{Name: relayVar, Value: "http://u:$(PW)@$(KUBE_POD_IP):8080"})
		},
		"all of it from a Secret": func(w *world) {
			for _, name := range []string{relayVar, "CODER_ACCESS_URL", "CODER_CLUSTER_HOST"} {
				w.unset(name)
			}
			w.envFromSecret("all")
			w.extra = append(w.extra, `{apiVersion: v1, kind: Secret, metadata: {name: all, namespace: coder}, stringData: {
  CODER_ACCESS_URL: "https://hunter2.example.com", CODER_WILDCARD_ACCESS_URL: "*.hunter2.example.com",
  CODER_DERP_SERVER_RELAY_URL: "http://hunter2.example.com:8081/path", CODER_PROXY_TRUSTED_ORIGINS: hunter2}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			change(w)
			f := w.facts(t)
			var shown strings.Builder
			failed := 0
			for _, o := range w.run(t) {
				failed += len(o.Findings)
				fmt.Fprintf(&shown, "%+v\n", o)
			}
			for _, r := range f.Deployment.Replicas {
				fmt.Fprintln(&shown, r.EffectiveClusterHost())
			}
			assert.Positive(t, failed)
			assert.NotContains(t, shown.String(), secret)
		})
	}
}
