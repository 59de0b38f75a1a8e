package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/manual"
)

// TestTheCommandsOfTheManual runs the blocks of the manual that need a cluster, page by
// page and from top to bottom, as a reader pastes them. The others run in tests/plugin.
// What this cluster is otherwise than a reader's is in the tables beside it, and each of
// their entries is used.
func TestTheCommandsOfTheManual(t *testing.T) {
	t.Parallel()
	pages, err := manual.Pages()
	require.NoError(t, err)
	r := newReader(t)
	ran := map[string]bool{}
	for _, p := range pages {
		if !slices.ContainsFunc(p.Blocks(), func(b manual.Block) bool { _, needed := r.commandsOf(t, p, b); return needed }) {
			continue
		}
		r.open(t, p)
		for _, b := range p.Blocks() {
			r.keep(t, b)
			scene := r.scene(p, b)
			if scene != "" {
				r.due = scene
			}
			name, needed := r.commandsOf(t, p, b)
			if !needed || ran[name] && scene == "" {
				continue
			}
			ran[name] = true
			t.Run(fmt.Sprintf("%s line %d", p.File, b.Line), func(t *testing.T) { r.follow(t, p, b) })
		}
	}
	r.assertUsed(t)
}

// commandsOf are the commands of a block in one text, and whether there are any that are
// run on a cluster.
func (r *reader) commandsOf(t *testing.T, p manual.Page, b manual.Block) (text string, needed bool) {
	t.Helper()
	if b.Language != "console" {
		return "", false
	}
	for _, c := range b.Commands() {
		statements, err := manual.Statements(c.Line)
		require.NoError(t, err, "%s line %d", p.File, b.Line)
		for _, s := range statements {
			text += s.Text + "\n"
			needed = needed || s.Elsewhere(b) && !r.elsewhere(p, s)
		}
	}
	return text, needed
}

// follow runs the commands of a block.
func (r *reader) follow(t *testing.T, p manual.Page, b manual.Block) {
	t.Helper()
	whole := r.t
	r.t = t
	defer func() { r.t = whole }()
	r.enter(t)
	want, err := b.Exit()
	require.NoError(t, err)
	commands := b.Commands()
	for i, c := range commands {
		statements, err := manual.Statements(c.Line)
		require.NoError(t, err)
		statements = slices.DeleteFunc(statements, func(s manual.Statement) bool { return r.elsewhere(p, s) })
		for n, s := range statements {
			code := 0
			if i == len(commands)-1 && n == len(statements)-1 {
				code = want
			}
			printed, again := r.printed[s.Text]
			if !again || !c.Shown {
				printed = r.run(t, s, code)
				r.printed[s.Text] = printed
			}
			if c.Shown && n == len(statements)-1 {
				assert.Empty(t, manual.Missing(c.Output, printed, shape), "%s prints\n%s", s.Text, printed)
			}
		}
	}
}

// shape is that of a line with the names of the pages in the place of this cluster's.
func shape(line string) string {
	for _, n := range thisCluster {
		line = n.here.ReplaceAllString(line, n.shown)
	}
	return manual.Shape(line)
}
