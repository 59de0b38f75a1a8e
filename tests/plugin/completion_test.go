package plugin_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCompletion(t *testing.T) {
	tests := []struct {
		name  string
		words []string
		want  []string
	}{
		{"offers the commands", []string{""}, []string{"validate", "version"}},
		{"completes a command", []string{"val"}, []string{"validate"}},
		{"offers the formats", []string{"validate", "--output", ""}, []string{"text", "json"}},
		{"offers the severities", []string{"validate", "--fail-on", ""}, []string{"error", "warning", "info"}},
		{"completes a flag", []string{"validate", "--postgres-u"}, []string{"--postgres-url"}},
	}
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				got := h.run(t, append([]string{"__complete", "coder-ha"}, test.words...)...)
				assert.Equal(t, 0, got.Code, got.Stderr)
				lines := strings.Split(strings.TrimSpace(got.Stdout), "\n")
				directives := 0
				var offered []string
				for _, line := range lines {
					candidate, _, _ := strings.Cut(line, "\t")
					offered = append(offered, candidate)
					if strings.HasPrefix(candidate, ":") {
						directives++
					}
				}
				assert.Subset(t, offered, test.want, got.Stdout)
				assert.Equal(t, 1, directives, "one directive of cobra's: %s", got.Stdout)
				assert.Equal(t, ":4", lines[len(lines)-1], "the last line says: no file names")
				assert.NotContains(t, got.Stdout, "Completion ended", "talk is offered as a candidate")
			})
		}
	})
}
