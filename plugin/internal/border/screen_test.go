package border

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAScreenFitsTheTerminal(t *testing.T) {
	t.Parallel()
	rows := func(n int) string {
		var lines []string
		for i := range n {
			lines = append(lines, fmt.Sprintf("line %d", i))
		}
		return strings.Join(lines, "\n") + "\n"
	}
	wide := strings.Repeat("x", 25)
	red := Red.Paint(strings.Repeat("y", 10))
	for name, c := range map[string]struct {
		text    string
		columns int
		rows    int
		want    []string
	}{
		"it fits":                         {rows(3), 40, 4, []string{"line 0", "line 1", "line 2"}},
		"one line too many":               {rows(4), 40, 4, []string{"line 0", "line 1", "… 2 more lines"}},
		"a long line takes more rows":     {wide + "\na\nb\n", 10, 6, []string{wide, "a", "b"}},
		"a long line leaves less room":    {wide + "\na\nb\n", 10, 5, []string{wide, "… 2 more "}},
		"colors take no room":             {red + "\na\n", 10, 3, []string{red, "a"}},
		"a line that has no room at all":  {wide + "\n", 10, 3, []string{"… 1 more "}},
		"what is left out is cut as well": {rows(4), 8, 3, []string{"line 0", "… 3 mor"}},
	} {
		var got []string
		for line := range strings.SplitSeq(strings.TrimSuffix(drawing(c.text, c.columns, c.rows), "\n"), "\n") {
			assert.True(t, strings.HasPrefix(line, eraseRest), "%s: %q", name, line)
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(line, eraseRest), eraseRest))
		}
		assert.Equal(t, c.want, got, name)
	}
	assert.Equal(t, eraseRest+red+"\n", drawing(red, 10, 3), "the last column is not erased again")
}

func TestAScreenLeavesAtOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := New(&out, nil)
	w.Screen()
	_, _ = fmt.Fprint(w, "one\ntwo \x1b[2J\n")
	_, _ = fmt.Fprint(w.JSON(), "{}\n")
	assert.Empty(t, out.String())
	w.Draw()
	assert.Equal(t, clearScreen+eraseRest+"one"+eraseRest+"\n"+eraseRest+`two \x1b[2J`+eraseRest+"\n"+eraseRest+"{}"+eraseRest+"\n"+eraseBelow, out.String())
	out.Reset()
	w.Screen()
	_, _ = fmt.Fprint(w, "three\n")
	w.Draw()
	assert.Equal(t, home+eraseRest+"three"+eraseRest+"\n"+eraseBelow, out.String())
}

func TestALineOfProgressEndsBeforeTheEdge(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := New(&out, nil)
	w.Status(false, strings.Repeat("long ", 40))
	assert.Len(t, []rune(out.String()), 79)
	assert.True(t, strings.HasSuffix(out.String(), "…"))
}
