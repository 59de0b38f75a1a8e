package checks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// TestNoFindingShowsASecret puts one secret wherever a user may have put it.
func TestNoFindingShowsASecret(t *testing.T) {
	const secret = checktest.Secret
	for name, change := range map[string]func(*checktest.World){
		"the password of a relay URL": func(w *checktest.World) { w.Set(coder.RelayURL, "http://u:hunter2@coder.example.com:8080") },
		"one that is not encoded":     func(w *checktest.World) { w.Set(coder.RelayURL, "http://u:a/hunter2@10.0.0.1:8080") },
		"a token as the user":         func(w *checktest.World) { w.Set(coder.RelayURL, "http://hunter2@10.0.0.1:8080") },
		"a query":                     func(w *checktest.World) { w.Set(coder.RelayURL, "http://10.0.0.1:8080/?token=hunter2") },
		"the access URL":              func(w *checktest.World) { w.Set("CODER_ACCESS_URL", "ftp://u:a/hunter2@coder.example.com") },
		"a relay URL that is replaced": func(w *checktest.World) {
			w.Container().Env = append(w.Container().Env, corev1.EnvVar{Name: coder.RelayURL, Value: "http://u:hunter2@10.0.0.1:8080"})
		},
		"a part of the relay URL that is replaced": func(w *checktest.World) {
			w.Unset(coder.RelayURL)
			w.Container().Env = append(w.Container().Env, corev1.EnvVar{Name: "PW", Value: secret}, corev1.EnvVar{Name: "PW", Value: secret + "!"},
				corev1.EnvVar{Name: coder.RelayURL, Value: "http://u:$(PW)@$(KUBE_POD_IP):8080"})
		},
		"a database URL": func(w *checktest.World) {
			w.Set(coder.PostgresURL, "postgres://coder:hunter2@a,b/coder?sslmode=disable")
		},
		"one that spills into its host": func(w *checktest.World) { w.Set(coder.PostgresURL, "postgres://coder:hunter2/x@db/coder") },
		"one that does not decode":      func(w *checktest.World) { w.Set(coder.PostgresURL, "postgres://coder:hunter2%zz@db/coder") },
		"one of another server":         func(w *checktest.World) { w.Set(coder.PostgresURL, "mysql://coder:hunter2@localhost/coder") },
		"a key=value string":            func(w *checktest.World) { w.Set(coder.PostgresURL, "host=localhost password=hunter2 sslmode=prefer") },
		"all of it from a Secret": func(w *checktest.World) {
			for _, name := range []string{coder.RelayURL, "CODER_ACCESS_URL", "CODER_CLUSTER_HOST"} {
				w.Unset(name)
			}
			w.EnvFromSecret("all")
			w.Extra = append(w.Extra, `{apiVersion: v1, kind: Secret, metadata: {name: all, namespace: coder}, stringData: {
  CODER_ACCESS_URL: "https://hunter2.example.com", CODER_WILDCARD_ACCESS_URL: "*.hunter2.example.com",
  CODER_DERP_SERVER_RELAY_URL: "http://hunter2.example.com:8081/path", CODER_PROXY_TRUSTED_ORIGINS: hunter2}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := checktest.NewWorld()
			change(w)
			f := w.Case(t)
			var shown strings.Builder
			failed := 0
			for _, o := range check.Judge(All(), f, nil) {
				failed += len(o.Findings)
				fmt.Fprintf(&shown, "%+v\n", o)
			}
			for _, r := range f.Deployment.Replicas {
				fmt.Fprintln(&shown, r.EffectiveClusterHost())
			}
			assert.Positive(t, failed)
			assert.NotContains(t, shown.String(), secret)
			checktest.SurvivesSaving(t, All(), f)
		})
	}
}
