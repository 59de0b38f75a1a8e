package resolve

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// TestTheRoleOfTheDocumentationIsWhatIsAskedFor compares docs/rbac.yaml with the
// requests themselves.
func TestTheRoleOfTheDocumentationIsWhatIsAskedFor(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/rbac.yaml")
	require.NoError(t, err)
	document, _, _ := strings.Cut(string(text), "\n---\n")
	var role rbacv1.Role
	require.NoError(t, yaml.UnmarshalStrict([]byte(document), &role))

	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	cluster := kubeconfigFile(t, `{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":"`+server.URL+`"}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`)
	for _, kind := range []string{"secret", "configMap"} {
		Find(t.Context(), model(t, "env: [{name: CODER_PG_CONNECTION_URL, valueFrom: {"+kind+"KeyRef: {name: coder-db-url, key: url}}}]"), cluster, secrets.New())
	}

	var granted []string
	for _, rule := range role.Rules {
		if len(rule.ResourceNames) == 0 {
			// It is for what runs, not for the database URL.
			continue
		}
		assert.Equal(t, []string{""}, rule.APIGroups)
		assert.Equal(t, []string{"get"}, rule.Verbs)
		for _, resource := range rule.Resources {
			for _, name := range rule.ResourceNames {
				granted = append(granted, "GET /api/v1/namespaces/ns/"+resource+"/"+name)
			}
		}
	}
	slices.Sort(asked)
	slices.Sort(granted)
	assert.Equal(t, granted, slices.Compact(asked))
}
