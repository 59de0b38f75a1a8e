package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAURLFileIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	write := func(text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "url")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	const url = "postgres://coder:zQ9xJ7kW@db.example.com/coder"
	for name, tc := range map[string]struct{ path, want, fails string }{
		"with a line break":               {path: write(url+"\n", 0o600), want: url},
		"without one":                     {path: write(url, 0o400), want: url},
		"that a group may read":           {path: write(url, 0o640), want: url},
		"that everybody may read":         {path: write(url, 0o644), fails: "chmod 600"},
		"that everybody may write":        {path: write(url, 0o602), fails: "chmod 600"},
		"that is empty":                   {path: write("\n", 0o600), fails: "is empty"},
		"that is not there":               {path: filepath.Join(t.TempDir(), "none"), fails: "no such file"},
		"whose URL ends in more than one": {path: write(url+"\r\n\n", 0o600), want: url},
	} {
		got, err := readURLFile(t.Context(), tc.path)
		if tc.fails == "" {
			require.NoError(t, err, name)
			assert.Equal(t, tc.want, got, name)
			continue
		}
		require.ErrorContains(t, err, tc.fails, name)
		assert.NotContains(t, err.Error(), "zQ9xJ7kW", name)
	}
}
