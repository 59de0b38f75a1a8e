//go:build oracle

package coder

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	cases = flag.Int("cases", 3000, "starts of coderd to compare, of each version")
	long  = flag.Duration("for", 0, "compare for so long instead of so many")
	seed  = flag.Uint64("seed", 1, "seed of the starts")
)

// What it answers.
type answer struct {
	Error    string
	Invalid  string
	Other    string
	Settings map[string]struct {
		Text   string
		List   []string
		Source string
	}
}

// oracle is coderd's own option library, in a process of its own.
type oracle struct {
	version Version
	in      *json.Encoder
	out     *json.Decoder
}

// startOracle builds the program for the Coder that a module file pins, and
// starts it.
func startOracle(t *testing.T, modfile, version string) *oracle {
	t.Helper()
	program := filepath.Join(t.TempDir(), "coderd-options")
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile="+modfile, "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "..", "tests", "coderd")
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, "read")
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	require.NoError(t, err)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		_, err := io.Copy(io.Discard, out)
		require.NoError(t, err)
		require.NoError(t, command.Wait())
	})
	return &oracle{version: ParseVersion(version), in: json.NewEncoder(in), out: json.NewDecoder(bufio.NewReader(out))}
}

func (o *oracle) ask(t *testing.T, q question) answer {
	t.Helper()
	require.NoError(t, o.in.Encode(q))
	var a answer
	require.NoError(t, o.out.Decode(&a))
	return a
}

func TestWeReadAStartAsCoderdDoes(t *testing.T) {
	for _, version := range []struct{ text, modfile string }{{"v2.36.1", "go.mod"}, {"v2.24.0", "v2.24.0.mod"}} {
		t.Run(version.text, func(t *testing.T) {
			t.Parallel()
			o := startOracle(t, version.modfile, version.text)
			g := newGenerator(o.version, *seed)
			begun, served, i := time.Now(), 0, 0
			for ; i < *cases && *long == 0 || time.Since(begun) < *long; i++ {
				q := g.question()
				a := o.ask(t, q)
				if a.Settings != nil {
					served++
				}
				if difference(o.version, q, a) == "" {
					continue
				}
				q = shrink(q, func(q question) bool { return difference(o.version, q, o.ask(t, q)) != "" })
				text, err := json.Marshal(q)
				require.NoError(t, err)
				require.Fail(t, "we read a start otherwise than coderd does", "Coder %s, start %d of seed %d, made smaller:\n%s\n%s",
					version.text, i, *seed, text, difference(o.version, q, o.ask(t, q)))
			}
			t.Logf("%d starts, %d of them serve", i, served)
			require.Greater(t, served, i/10, "too few of the starts serve to say much")
		})
	}
}

// difference says how our reading differs from coderd's; "" where it does not.
func difference(v Version, q question, a answer) string {
	r := ourReading(v, q)
	// What coderd's server refuses later is not in its option library.
	problems := slices.DeleteFunc(r.Problems, func(p Problem) bool {
		later := []string{noTLSAddress, noHTTPAddress, noScheme}
		for _, choice := range tlsChoices {
			later = append(later, noTLSChoice+strings.Join(choice.words, ", "))
		}
		return slices.Contains(later, p.Reason)
	})
	var ours []string
	for _, p := range problems {
		ours = append(ours, fmt.Sprintf("%s%s: %s", p.Setting.Name, p.Setting.key(), p.Reason))
	}
	theirs := a.Error + a.Invalid
	switch {
	case r.Other != "" && !slices.Contains([]string{"--help", "--debug-options", "--write-config"}, r.Other):
		// Of the other commands, the program in tests/coderd has only the names.
		if a.Settings != nil {
			return fmt.Sprintf("ours: %q\ncoderd serves", r.Other)
		}
		return ""
	case (len(ours) > 0) != (theirs != ""):
		return fmt.Sprintf("ours: %q\ncoderd: %q", ours, theirs)
	case len(ours) > 0:
		for _, p := range problems {
			if !names(theirs, p) {
				return fmt.Sprintf("ours: %q\ncoderd does not name %s: %q", ours, p.Setting.key(), theirs)
			}
		}
		return ""
	case r.Other != a.Other:
		return fmt.Sprintf("ours: %q\ncoderd: %q", r.Other, a.Other)
	case r.Other != "":
		return ""
	}
	for _, s := range Settings(v) {
		if s.Type == TypeStruct {
			continue
		}
		theirs, ok := a.Settings[s.key()]
		if !ok {
			return "coderd has no " + s.key()
		}
		value := r.Value(s.key())
		if text := canonical(s, value); text != theirs.Text || !slices.Equal(value.List, theirs.List) {
			return fmt.Sprintf("%s: ours %q %q\ncoderd: %q %q", s.key(), text, value.List, theirs.Text, theirs.List)
		}
		if !shared(s) && string(value.Source) != theirs.Source {
			return fmt.Sprintf("%s: ours from %q, coderd's from %q", s.key(), value.Source, theirs.Source)
		}
	}
	return ""
}

// names says whether coderd's message is about what we have found.
func names(message string, p Problem) bool {
	s := p.Setting
	if s.key() == "" {
		return true
	}
	path := s.YAML[strings.LastIndex(s.YAML, ".")+1:]
	for _, name := range []string{`parse "` + s.Name + `"`, `parse "` + s.Flag + `"`, "--" + s.Flag, `setting "` + path + `"`, "reading yaml", "decoding yaml", "applying yaml", "sessions configuration"} {
		if strings.Contains(message, name) {
			return true
		}
	}
	return false
}

// shrink leaves away what it can while the start still fails.
func shrink(q question, fails func(question) bool) question {
	for smaller := true; smaller; {
		smaller = false
		for _, candidate := range smallerOnes(q) {
			if fails(candidate) {
				q, smaller = candidate, true
				break
			}
		}
	}
	return q
}

func smallerOnes(q question) []question {
	var out []question
	for i := range q.Env {
		c := q
		c.Env = slices.Delete(slices.Clone(q.Env), i, i+1)
		out = append(out, c)
	}
	for i := range q.Args {
		c := q
		c.Args = slices.Delete(slices.Clone(q.Args), i, i+1)
		out = append(out, c)
	}
	for name, text := range q.Files {
		lines := strings.SplitAfter(text, "\n")
		for i := range lines {
			if lines[i] == "" {
				continue
			}
			c := q
			c.Files = map[string]string{name: strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")}
			out = append(out, c)
		}
	}
	return out
}
