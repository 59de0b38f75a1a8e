package deployment

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
)

func TestOfEncryptionKeysOnlyTheFaultsAreKept(t *testing.T) {
	t.Parallel()
	right := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", keySize)))
	d := &Deployment{Replicas: []Replica{{Variables: map[string]Value{
		coder.EncryptionKeys: {State: Known, Text: Text(right + ",aHVudGVyMg==,hunter2!")},
	}}}}
	d.Seal(digest.NewKey())
	keys := d.Replicas[0].EncryptionKeys
	require.NotNil(t, keys)
	assert.Equal(t, EncryptionKeys{Count: 3, Faults: []KeyFault{{2, "has 7 bytes"}, {3, "is not in base64"}}}, *keys)
	sealed := fmt.Sprintf("%+v", d)
	assert.NotContains(t, sealed, right)
	assert.NotContains(t, sealed, "hunter2")
	assert.NotContains(t, sealed, "aHVudGVyMg")
}
