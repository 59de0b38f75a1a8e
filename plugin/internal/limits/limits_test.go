package limits

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDocumentationHasEveryLimit(t *testing.T) {
	code, err := os.ReadFile("limits.go")
	require.NoError(t, err)
	assert.Len(t, All(), strings.Count(string(code), "= Limit{"), "a limit is missing in All")
	page, err := os.ReadFile("../../../docs/security.md")
	require.NoError(t, err)
	assert.Contains(t, string(page), Markdown(), "docs/security.md needs this table")
}

func TestLimitsAreWrittenForPeople(t *testing.T) {
	for want, l := range map[string]Limit{
		"5 MiB": ValuesFile, "64 KiB": URLFile, "30s": Login, "200 levels": Depth, "2000000 values": Size,
		"1000 bytes": {Most: 1000, Unit: Bytes}, "1 GiB": {Most: 1 << 30, Unit: Bytes},
	} {
		assert.Equal(t, want, l.String())
	}
	require.EqualError(t, &ExceededError{"c", Login}, "c: it is too slow: the limit of "+Login.Of+" is 30s")
}
