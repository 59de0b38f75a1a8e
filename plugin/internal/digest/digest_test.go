package digest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestADigestTellsTextsApartWithinOneRunOnly(t *testing.T) {
	t.Parallel()
	key := NewKey()
	first, again := key.Of("hunter2"), key.Of("hunter2")
	assert.Equal(t, first, again)
	assert.NotEqual(t, key.Of("hunter2"), key.Of("hunter3"))
	assert.NotEqual(t, key.Of("hunter2"), NewKey().Of("hunter2"))
	assert.Len(t, key.Of(""), 32)
}
