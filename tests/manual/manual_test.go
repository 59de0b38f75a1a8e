package manual_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/internal/manual"
)

func pages(t *testing.T) []manual.Page {
	t.Helper()
	all, err := manual.Pages()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// beside are folders of docs that pages lead to, and that are no pages.
var beside = []string{"docs/examples/", "docs/images/"}

// TestTheTableOfContentsIsThatOfTheFolder holds docs/manifest.json to the files: each
// entry exists, and each file of docs is an entry.
func TestTheTableOfContentsIsThatOfTheFolder(t *testing.T) {
	entries, err := manual.Entries()
	require.NoError(t, err)
	listed := map[string]bool{manual.Contents: true}
	titles := map[string]bool{}
	for _, e := range entries {
		at, err := checkout.Path(e.File())
		require.NoError(t, err)
		assert.FileExists(t, at)
		assert.False(t, listed[e.File()], "%s is listed twice", e.File())
		assert.False(t, titles[e.Title], "the title %q is there twice", e.Title)
		listed[e.File()], titles[e.Title] = true, true
	}
	docs, err := checkout.Path("docs")
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(docs, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(filepath.Dir(docs), at)
		name = filepath.ToSlash(name)
		inside := func(folder string) bool { return strings.HasPrefix(name, folder) }
		if slices.ContainsFunc(beside, inside) && path.Base(name) != "README.md" {
			return err
		}
		assert.True(t, listed[name], "%s is not in %s", name, manual.Contents)
		return err
	}))
}

// TestHighAvailabilityComesFirst is the order that the manual promises.
func TestHighAvailabilityComesFirst(t *testing.T) {
	var order []string
	for _, p := range pages(t) {
		order = append(order, p.File)
	}
	wanted := []string{
		"README.md", "docs/high-availability.md", "charts/coder/README.md", "docs/moving.md", "docs/validate.md", "docs/positions.md",
		"docs/hosts.md", "docs/formats.md", "docs/ci.md", "docs/troubleshooting.md", "docs/security.md",
	}
	last := -1
	for _, file := range wanted {
		at := slices.Index(order, file)
		assert.Greater(t, at, last, file)
		last = at
	}
}

func TestEachPageHasOneTitle(t *testing.T) {
	for _, p := range pages(t) {
		assert.Len(t, p.Titles(), 1, p.File)
	}
}

// TestEveryLinkLeadsSomewhere follows the links within the repository, to files and
// headings. Those that leave it are looked at, and not followed.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, p := range pages(t) {
		t.Run(p.File, func(t *testing.T) {
			for _, link := range p.Links() {
				follow(t, p, link)
			}
		})
	}
}

// ours is how pages that are read elsewhere name files of this repository.
var ours = regexp.MustCompile(`^https://(?:github\.com/coder-ha/coder-ha/(?:blob|tree|raw)|raw\.githubusercontent\.com/coder-ha/coder-ha)/main/(.*)$`)

// outside is an address that leaves the repository.
var outside = regexp.MustCompile(`^https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[^\s]*)?$`)

func follow(t *testing.T, p manual.Page, link string) {
	t.Helper()
	target, anchor, _ := strings.Cut(link, "#")
	file := p.File
	switch m := ours.FindStringSubmatch(target); {
	case m != nil:
		file = m[1]
	case strings.Contains(target, ":"):
		assert.Regexp(t, outside, target)
		return
	case target != "":
		file = path.Join(path.Dir(p.File), target)
	}
	at, err := checkout.Path(file)
	require.NoError(t, err)
	if !assert.True(t, exists(at), link) || anchor == "" {
		return
	}
	other, err := manual.Open(file)
	require.NoError(t, err)
	assert.True(t, other.Anchors()[anchor], "%s has no heading for %s", file, link)
}

func exists(at string) bool {
	_, err := os.Stat(at)
	return err == nil
}

// declared is what `coder-ha checks -o json` lists.
type declared struct {
	ID, Docs    string
	Needs, Uses []string
}

func checks(t *testing.T) []declared {
	t.Helper()
	program, err := checkout.Plugin()
	require.NoError(t, err)
	listed, err := command.Command{Path: program, Args: []string{"checks", "-o", "json"}, Env: command.Environment(t.TempDir())}.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 0, listed.Code, listed.Stderr)
	var list struct{ Checks []declared }
	require.NoError(t, json.Unmarshal([]byte(listed.Stdout), &list))
	require.NotEmpty(t, list.Checks)
	return list.Checks
}

// TestTheAddressOfEachCheckIsAHeading takes the addresses that the plugin prints.
func TestTheAddressOfEachCheckIsAHeading(t *testing.T) {
	page, err := manual.Open("docs/checks.md")
	require.NoError(t, err)
	anchors := page.Anchors()
	for _, c := range checks(t) {
		address, anchor, _ := strings.Cut(c.Docs, "#")
		assert.Regexp(t, `^https://github\.com/coder-ha/coder-ha/blob/[^/]+/docs/checks\.md$`, address)
		assert.Equal(t, c.ID, anchor)
		assert.True(t, anchors[anchor], "docs/checks.md has no heading %s", anchor)
	}
}

// words look like the id of a check, and pod is a pod's name.
var (
	words = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	pod   = regexp.MustCompile(`^coder-[0-9]$`)
)

// TestTroubleshootingNamesChecks holds the ids on the page to those that exist: what
// looks like one there is one.
func TestTroubleshootingNamesChecks(t *testing.T) {
	page, err := manual.Open("docs/troubleshooting.md")
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, c := range checks(t) {
		ids[c.ID] = true
	}
	named := map[string]bool{}
	for _, code := range page.Codes() {
		if words.MatchString(code) && !pod.MatchString(code) || code == "spread" {
			assert.True(t, ids[code], "there is no check %s", code)
			named[code] = true
		}
	}
	assert.Greater(t, len(named), 50, "most checks have a symptom")
}
