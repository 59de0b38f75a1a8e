package gitops_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// withPlugin is an environment in which helm is this one, with the plugin installed.
func withPlugin(t *testing.T, helm string) []string {
	t.Helper()
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	require.NoError(t, os.Mkdir(bin, 0o755))
	require.NoError(t, os.Symlink(helm, filepath.Join(bin, "helm")))
	environment := command.Environment(home, "PATH="+bin+":"+os.Getenv("PATH"))
	runWith(t, command.Command{Path: helm, Args: []string{"plugin", "install", inCheckout(t, "plugin")}, Env: environment})
	return environment
}

// blocks are the code blocks of the page in one language. Those in "console" run in a
// clone; those with the word machine need what only their tools have.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var found []string
	pattern := regexp.MustCompile("(?ms)^ *```" + language + "\n(.*?)^ *```$")
	for _, block := range pattern.FindAllStringSubmatch(read(t, inCheckout(t, "docs/gitops.md")), -1) {
		found = append(found, block[1])
	}
	require.NotEmpty(t, found, language)
	return found
}

func TestTheCommandsOfThePageRun(t *testing.T) {
	underBothHelms(t, func(t *testing.T, helm string) {
		environment := withPlugin(t, helm)
		for _, block := range blocks(t, "console") {
			for line := range strings.Lines(block) {
				printed := runWith(t, command.Command{
					Path: "/bin/sh", Args: []string{"-c", line}, Dir: inCheckout(t, "."), Env: environment,
				})
				assert.Contains(t, printed, "Result: passed", line)
			}
		}
	})
}

func TestArgoCDTakesTheIgnoredDifferencesOfThePage(t *testing.T) {
	var ignored map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(blocks(t, "yaml")[0]), &ignored))
	app := objects(t, read(t, example(t, "argocd/application.yaml")))[0]
	app.Object["spec"].(map[string]any)["ignoreDifferences"] = ignored["ignoreDifferences"]
	assert.Empty(t, check(t, app))
}
