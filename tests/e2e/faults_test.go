package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/faults"
)

// tells holds what the plugin wrote to the row of docs/faults.md for a fault.
func tells(t *testing.T, fault, output string) {
	t.Helper()
	require.NoError(t, told(fault, output))
}

// told is tells for what may take some time.
func told(fault, output string) error {
	row, err := faults.Named(fault)
	if err != nil {
		return err
	}
	if row.Check == "" {
		if !row.In(output) {
			return fmt.Errorf("%s: nothing says %q:\n%s", fault, row.Says, output)
		}
		return nil
	}
	begin := strings.Index(output, "{\n")
	if begin < 0 {
		return fmt.Errorf("%s: no report:\n%s", fault, output)
	}
	var r rehearsed
	if err := json.NewDecoder(strings.NewReader(output[begin:])).Decode(&r); err != nil {
		return fmt.Errorf("%s: %w:\n%s", fault, err, output)
	}
	if status, said := r.check(row.Check); status != row.Status || !row.In(said) {
		return fmt.Errorf("%s: %s is %s, %q, and not %s, %q", fault, row.Check, status, said, row.Status, row.Says)
	}
	return nil
}
