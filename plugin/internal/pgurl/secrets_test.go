package pgurl

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheSecretsOfAURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]string{
		"postgres://coder:hunter2@db/coder":                          {"hunter2", "hunter2"},
		"postgres://coder:hunter%32@db/coder":                        {"hunter%32", "hunter2"},
		"postgres://coder:a/b#c@db/coder":                            {"a/b#c", "a/b#c"},
		"postgres://coder@db/coder?sslpassword=p4ss&sslmode=require": {"", "p4ss"},
		"host=db user=coder password='it is'":                        {"it is"},
		"mysql://coder:hunter2@db/coder":                             {"hunter2"},
		"hunter2hunter2":                                             {"hunter2hunter2"},
	} {
		secrets, open := Parts(raw)
		assert.Equal(t, want, secrets, raw)
		for _, secret := range secrets {
			assert.NotContains(t, open, secret+"x", raw)
		}
	}
	_, open := Parts("postgres://coder:hunter2@db.example.com/deployment")
	assert.Equal(t, []string{"db.example.com", "coder", "deployment"}, open)
}
