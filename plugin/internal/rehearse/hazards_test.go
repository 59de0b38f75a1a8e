package rehearse

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
)

// hazardsOf looks for what the pods would disturb in a cluster with one Service and
// one budget, each given by its spec.
func hazardsOf(t *testing.T, service, budget string) ([]string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, version, spec := "Service", "v1", service
		if strings.HasSuffix(r.URL.Path, "poddisruptionbudgets") {
			kind, version, spec = "PodDisruptionBudget", "policy/v1", budget
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"kind":"` + kind + `List","apiVersion":"` + version + `","items":[{"metadata":{"name":"coder","namespace":"coder"},"spec":` + spec + `}]}`))
	}))
	defer server.Close()
	c, err := connect(&rest.Config{Host: server.URL})
	require.NoError(t, err)
	return c.hazards(t.Context(), replicas())
}

func TestWhatThePodsWouldDisturbIsSaidFirst(t *testing.T) {
	t.Parallel()
	const (
		plain  = `{"clusterIP":"10.0.0.1","selector":{"app":"coder"}}`
		least  = `{"minAvailable":1,"selector":{"matchLabels":{"app":"coder"}}}`
		most   = `{"maxUnavailable":1,"selector":{"matchLabels":{"app":"coder"}}}`
		others = `{"maxUnavailable":1,"selector":{"matchLabels":{"app":"other"}}}`
	)
	for name, tc := range map[string]struct {
		service, budget string
		says, refuses   string
	}{
		"nothing":                            {plain, least, "", ""},
		"a budget of other pods":             {plain, others, "", ""},
		"a budget that counts them":          {plain, most, "PodDisruptionBudget coder allows no eviction", ""},
		"a headless Service for all":         {`{"clusterIP":"None","publishNotReadyAddresses":true,"selector":{"app":"coder"}}`, least, "the DNS name of the headless Service coder leads to them too", ""},
		"a Service that would send to them":  {`{"clusterIP":"10.0.0.1","publishNotReadyAddresses":true,"selector":{"app":"coder"}}`, least, "", "no pods are started, because Service coder/coder sends traffic to pods that are not ready"},
		"a Service of other pods for all":    {`{"clusterIP":"10.0.0.1","publishNotReadyAddresses":true,"selector":{"app":"other"}}`, least, "", ""},
		"a Service without a selector, ours": {`{"clusterIP":"10.0.0.1","publishNotReadyAddresses":true}`, least, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sentences, err := hazardsOf(t, tc.service, tc.budget)
			if tc.refuses != "" {
				require.ErrorContains(t, err, tc.refuses)
				return
			}
			require.NoError(t, err)
			if tc.says == "" {
				assert.Empty(t, sentences)
				return
			}
			require.Len(t, sentences, 1)
			assert.Contains(t, sentences[0], tc.says)
		})
	}
}
