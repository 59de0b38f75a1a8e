package guard

import (
	"bytes"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deaths are ways in which a Go program ends with a trace.
var deaths = map[string]struct {
	die  func()
	want string
}{
	"panic": {
		func() { panic("Hidden-pa55word") },
		"stopped while rendering the chart by a defect of coder-ha at plugin/internal/guard/sentence_test.go:",
	},
	"panic elsewhere": {
		func() { done := make(chan struct{}); go func() { var none []int; _ = none[len(os.Args)] }(); <-done },
		"stopped while rendering the chart by a defect of coder-ha at plugin/internal/guard/sentence_test.go:",
	},
	"concurrent writes": {
		func() {
			m := map[int]int{}
			for range 8 {
				go func() {
					for i := 0; ; i = (i + 1) % 100 {
						m[i] = i
					}
				}()
			}
			select {}
		},
		"stopped while rendering the chart by a defect of coder-ha",
	},
	"endless recursion": {
		func() {
			debug.SetMaxStack(1 << 20)
			var deeper func(int) int
			deeper = func(n int) int { return deeper(n+1) + 1 }
			os.Exit(deeper(0))
		},
		"stopped while rendering the chart: an input is nested too deeply",
	},
	"no memory": {
		func() { _ = bytes.Repeat([]byte("Hidden"), 1<<44) },
		"stopped while rendering the chart: it needs more memory than the 64 MiB of --max-memory",
	},
}

// death names the way in which the test program is to end.
const death = "TEST_DEATH"

func TestMain(m *testing.M) {
	if d, ok := deaths[os.Getenv(death)]; ok {
		TraceTo(os.Stderr)
		Doing("reading the values")
		tell("memory " + size(64<<20))
		Doing("rendering the chart")
		d.die()
	}
	os.Exit(m.Run())
}

func TestEveryDeathIsOneSentenceWithoutTheWordsOfAnInput(t *testing.T) {
	for name, d := range deaths {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			var stderr bytes.Buffer
			cmd.Env, cmd.Stderr = append(os.Environ(), death+"="+name), &stderr
			require.Error(t, cmd.Run())
			assert.Equal(t, 2, cmd.ProcessState.ExitCode())
			assert.True(t, Traced(stderr.String()))
			got := Sentence(stderr.String())
			assert.Contains(t, got, d.want)
			assert.NotContains(t, got, "\n")
			assert.NotContains(t, got, "Hidden")
		})
	}
}

func TestNotesAreNoTrace(t *testing.T) {
	assert.False(t, Traced(""))
	assert.False(t, Traced(note+"doing this\n"+note+"memory 512 MiB\n"))
}

func FuzzSentence(f *testing.F) {
	f.Add("panic: runtime error\n\ngoroutine 1 [running]:\nmain.main()\n\tgithub.com/coder-ha/coder-ha/plugin/internal/run/run.go:12 +0x1\n")
	f.Add("runtime: out of memory: cannot allocate 400-byte block\nfatal error: out of memory\n")
	f.Add(note + "doing this\nfatal error")
	f.Fuzz(func(t *testing.T, written string) {
		// Only the worker's own notes are words that may be repeated.
		if strings.Contains(written, note) {
			return
		}
		got := Sentence(written)
		if strings.ContainsAny(got, "\n\r\x1b") || len(got) > 400 {
			t.Errorf("%q", got)
		}
	})
}
