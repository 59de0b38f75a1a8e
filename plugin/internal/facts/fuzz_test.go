package facts

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":"1","facts":{"gaps":{"database":{"reason":"r","proof":"p"}}}}`))
	f.Add([]byte(`{"schemaVersion":"1","facts":{"deployment":{"workloads":[{}],"replicas":[{"name":"a","variables":{"A":{"state":"known"}}}]}}}`))
	f.Add([]byte(`{"schemaVersion":"1","facts":{"postgres":[{"position":"here","facts":{"latency":{"median":1}}}]}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		read, err := Decode(bytes.NewReader(in))
		if err != nil {
			require.ErrorIs(t, err, ErrNotFacts)
			return
		}
		var once, twice bytes.Buffer
		require.NoError(t, Encode(&once, read))
		again, err := Decode(bytes.NewReader(once.Bytes()))
		require.NoError(t, err)
		require.NoError(t, Encode(&twice, again))
		assert.Equal(t, once.String(), twice.String())
	})
}
