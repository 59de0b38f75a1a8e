package nearest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheNearestNameIsNamed(t *testing.T) {
	t.Parallel()
	known := []string{"relay-url-missing", "relay-url-shared", "tls-expiry"}
	assert.Equal(t, `: did you mean "relay-url-missing"?`, Hint("relay-url-mising", known))
	assert.Equal(t, `: did you mean "tls-expiry"?`, Hint("tls-expire", known))
	assert.Equal(t, `: did you mean "skip"?`, Hint("skpi", []string{"skip"}), "two letters changed places")
	assert.Empty(t, Hint("ignore", []string{"skip"}))
	assert.Empty(t, Hint("nonsense", known))
	assert.Empty(t, Hint("x", nil))
}
