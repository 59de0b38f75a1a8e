package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/stretchr/testify/require"
)

// model is what these tests read of the model that the plugin makes of manifests.
type model struct {
	Replicas []struct {
		Name      string
		Variables map[string]struct {
			// State is 0 for missing, 1 for known, 2 for unknown.
			State     int
			Text, Why string
		}
		Opaque       []struct{ Prefix, What string }
		Certificates []struct {
			Path            string
			InInput, Absent bool
			PEM             []byte
		}
	}
}

// The states of a variable.
const (
	known   = 1
	unknown = 2
)

// readModels gives what the plugin reads in manifests: the model, as JSON, of each.
func (w *world) readModels(manifests ...string) []json.RawMessage {
	w.t.Helper()
	dir := w.t.TempDir()
	program := filepath.Join(dir, "printmodel")
	build := exec.CommandContext(w.t.Context(), "go", "build", "-o", program, "./plugin/internal/source/kube/printmodel")
	build.Dir = root
	output, err := build.CombinedOutput()
	require.NoError(w.t, err, "%s", output)
	args := []string{"-namespace", w.ns}
	for i, manifest := range manifests {
		file := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
		require.NoError(w.t, os.WriteFile(file, []byte(manifest), 0o600))
		args = append(args, file)
	}
	var stderr bytes.Buffer
	printing := exec.CommandContext(w.t.Context(), program, args...)
	printing.Stderr = &stderr
	printed, err := printing.Output()
	require.NoError(w.t, err, stderr.String())
	decoder := json.NewDecoder(bytes.NewReader(printed))
	var models []json.RawMessage
	for i := range manifests {
		var line struct {
			Model json.RawMessage
			Error string
		}
		require.NoError(w.t, decoder.Decode(&line))
		require.Empty(w.t, line.Error, manifests[i])
		models = append(models, line.Model)
	}
	return models
}
