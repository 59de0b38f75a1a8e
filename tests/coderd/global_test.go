package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const coderModule = "github.com/coder/coder/v2"

// folder is that of the Coder that go.mod pins.
func folder(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", coderModule).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

var (
	section     = regexp.MustCompile(`(?m)^### (?:-(\w), )?--(\S+)$`)
	kind        = regexp.MustCompile(`\| Type +\| <code>([^<]+)</code>`)
	environment = regexp.MustCompile(`\| Environment +\| <code>\$(\w+)</code>`)
)

func TestGlobalOptionsAreThoseOfCodersOwnPages(t *testing.T) {
	coder := folder(t)
	page, err := os.ReadFile(filepath.Join(coder, "docs", "reference", "cli", "index.md"))
	require.NoError(t, err)
	options := describe(globalOptions(new(bool)))
	sections := section.FindAllStringSubmatchIndex(string(page), -1)
	require.NotEmpty(t, sections)
	for i, at := range sections {
		end := len(page)
		if i+1 < len(sections) {
			end = sections[i+1][0]
		}
		text, flag := string(page[at[0]:end]), string(page[at[4]:at[5]])
		found := slices.IndexFunc(options, func(o option) bool { return o.Flag == flag })
		if !assert.GreaterOrEqual(t, found, 0, "--%s is documented and not in globals", flag) {
			continue
		}
		o, shorthand, variable := options[found], "", ""
		if at[2] >= 0 {
			shorthand = string(page[at[2]:at[3]])
		}
		if m := environment.FindStringSubmatch(text); m != nil {
			variable = m[1]
		}
		assert.Equal(t, shorthand, o.Shorthand, flag)
		assert.Equal(t, variable, o.Variable, flag)
		if m := kind.FindStringSubmatch(text); assert.NotNil(t, m, flag) {
			assert.Equal(t, m[1], o.Type, flag)
		}
	}

	var source strings.Builder
	for _, file := range []string{"root.go", filepath.Join("config", "file.go")} {
		text, err := os.ReadFile(filepath.Join(coder, "cli", file))
		require.NoError(t, err)
		source.Write(text)
	}
	for _, o := range options {
		assert.Contains(t, source.String(), `"`+o.Flag+`"`, "a global option that Coder's source does not name")
		assert.Contains(t, source.String(), `"`+o.Variable+`"`, o.Flag)
	}
}

func TestServerCommandsAreThoseOfCodersOwnPages(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(folder(t), "docs", "reference", "cli", "server_*.md"))
	require.NoError(t, err)
	var want []string
	for _, page := range pages {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(page), "server_"), ".md")
		if !strings.Contains(name, "_") {
			want = append(want, name)
		}
	}
	assert.ElementsMatch(t, want, serverCommands())
}

func TestTheRealCoderdOfTheClusterTestsIsOfTheSameVersion(t *testing.T) {
	pin := regexp.MustCompile(regexp.QuoteMeta(coderModule) + ` (v\S+)`)
	var versions []string
	for _, file := range []string{"go.mod", filepath.Join("..", "e2e", "coderd", "go.mod")} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		m := pin.FindStringSubmatch(string(text))
		require.NotNil(t, m, file)
		versions = append(versions, m[1])
	}
	assert.Equal(t, versions[0], versions[1])
}
