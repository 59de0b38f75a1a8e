package rendering

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

func TestLookupsThatAreOpenAreNotProved(t *testing.T) {
	secret := deployment.Lookup{Verb: "get", Resource: "secrets", Namespace: "ns", Name: "db"}
	sets := deployment.Lookup{Verb: "list", Resource: "statefulsets.apps"}
	judge := func(l *deployment.Lookups) (reason, proof, note string) {
		got := judgeLookups(&check.Case{Facts: &facts.Facts{Deployment: &deployment.Deployment{Lookups: l}}})
		if got.Skip == nil {
			return "", "", got.Note
		}
		return got.Skip.Reason, got.Skip.Proof, got.Note
	}
	reason, proof, _ := judge(nil)
	assert.Equal(t, "rendered without asking the cluster", reason)
	assert.Empty(t, proof, "it does not apply")

	_, _, note := judge(&deployment.Lookups{Server: "https://k8s", Answered: []deployment.Lookup{secret}})
	assert.Equal(t, "1 by https://k8s", note)

	reason, proof, _ = judge(&deployment.Lookups{Server: "https://k8s", Open: []deployment.Lookup{secret, sets}})
	assert.Equal(t, "the cluster at https://k8s did not answer for secrets ns/db, statefulsets.apps: this user lacks the verb get on secrets in namespace ns, the verb list on statefulsets.apps; rendered as if nothing was there", reason)
	assert.NotEmpty(t, proof)

	reason, proof, _ = judge(&deployment.Lookups{Refused: true, Answered: []deployment.Lookup{secret}})
	assert.Contains(t, reason, "the chart refuses its values")
	assert.NotEmpty(t, proof)
}
