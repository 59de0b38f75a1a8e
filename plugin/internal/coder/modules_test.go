//go:build oracle

package coder

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWeReadTheMigrationsOfEachModuleAsItHasThem(t *testing.T) {
	for _, modfile := range []string{"go.mod", "v2.24.0.mod"} {
		list := exec.CommandContext(t.Context(), "go", "list", "-modfile="+modfile, "-m", "-f", "{{.Version}} {{.Dir}}", "github.com/coder/coder/v2")
		list.Dir = filepath.Join("..", "..", "..", "tests", "coderd")
		out, err := list.Output()
		require.NoError(t, err)
		version, folder, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
		files, err := filepath.Glob(filepath.Join(folder, "coderd", "database", "migrations", "*.up.sql"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		number, _, _ := strings.Cut(filepath.Base(files[len(files)-1]), "_")
		last, err := strconv.Atoi(number)
		require.NoError(t, err)

		known, ok := MigrationsOf(ParseVersion(version))
		assert.True(t, ok, version)
		assert.Equal(t, last, known.Last, version)
	}
}
