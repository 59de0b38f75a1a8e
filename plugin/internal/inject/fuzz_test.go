package inject

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
)

// FuzzComplete holds each result to its promises: it parses, nothing is gone but
// white space, what is new is what is said to be added, a second run changes nothing,
// and each replica has a relay URL and a cluster host.
func FuzzComplete(f *testing.F) {
	for _, s := range shapes(f) {
		f.Add([]byte(s.before))
		f.Add([]byte(strings.ReplaceAll(s.before, "\n", "\r\n")))
		f.Add([]byte(s.after))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		in, err := Read([]File{{Name: "in.yaml", Bytes: stream}}, kube.Options{})
		if err != nil {
			return
		}
		plan, err := in.Complete(false)
		if err != nil {
			return
		}
		out, err := in.Apply(plan)
		if err != nil {
			return
		}
		got := out.Files()[0].Bytes
		if !plan.Changed() {
			require.Equal(t, string(stream), string(got))
			return
		}
		require.Equal(t, documents(t, stream), documents(t, got))
		again, err := out.Complete(false)
		require.NoError(t, err)
		require.False(t, again.Changed(), "a second run changes something:\n%s", got)
		for _, r := range out.Deployment.Representatives() {
			require.NotEqual(t, deployment.Missing, r.Env(coder.ClusterHost).State)
			if r.EmbeddedRelay() {
				require.NotEqual(t, deployment.Missing, r.Env(coder.RelayURL).State)
			}
		}
		require.True(t, untouched(stream, got, plan), "%s", got)
	})
}

// documents counts the documents of a stream.
func documents(t *testing.T, stream []byte) int {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(stream))
	for n := 0; ; n++ {
		err := decoder.Decode(new(yaml.Node))
		if errors.Is(err, io.EOF) {
			return n
		}
		require.NoError(t, err)
	}
}

// untouched says whether the bytes in front of the first edit and behind the last
// one are those of the input, of the one file.
func untouched(before, after []byte, p Plan) bool {
	from, to := len(before), 0
	for _, c := range p.changes {
		for _, e := range c.edits {
			from, to = min(from, e.from), max(to, e.to)
		}
	}
	return bytes.HasPrefix(after, before[:from]) && bytes.HasSuffix(after, before[to:])
}
