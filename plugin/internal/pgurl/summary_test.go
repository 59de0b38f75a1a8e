package pgurl

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASummarySurvivesARoundTripWithoutASecret(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"a URL":                        "postgres://coder:hunter2@db.example.com:6432/coder?sslmode=verify-full",
		"a key=value string":           "host=db.example.com user=coder password=hunter2",
		"a TLS mode that is refused":   "postgres://coder:hunter2@db.example.com/coder?sslmode=prefer",
		"a password that is escaped":   "postgres://coder:hunter2#%@db.example.com/coder",
		"a URL that cannot be read":    "mysql://coder:hunter2@db.example.com/coder",
		"a URL with an inline TLS key": "postgres://coder@db.example.com/coder?sslinline=true&sslkey=hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Summarize(raw, []byte("key"))
			text, err := json.Marshal(s)
			require.NoError(t, err)
			assert.NotContains(t, string(text), "hunter2")
			var back Summary
			require.NoError(t, json.Unmarshal(text, &back))
			assert.Equal(t, s, back)
			assert.Equal(t, s.Readable(), back.Readable())
		})
	}
}

func TestASummaryTellsIdenticalURLsByTheirDigest(t *testing.T) {
	t.Parallel()
	const raw = "postgres://coder:hunter2@db.example.com/coder"
	digest := Summarize(raw, []byte("key")).Digest
	assert.Equal(t, digest, Summarize(raw, []byte("key")).Digest)
	assert.NotEqual(t, digest, Summarize(raw+"?", []byte("key")).Digest)
	assert.NotEqual(t, digest, Summarize(raw, []byte("other")).Digest)
}
