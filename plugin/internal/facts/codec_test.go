package facts

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

func TestFactsSurviveARoundTrip(t *testing.T) {
	t.Parallel()
	f := &Facts{
		Now:   time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
		Given: []GivenURL{{Origin: "--postgres-url", Summary: pgurl.Summarize("postgres://coder:hunter2@db/coder", []byte("key"))}},
		Postgres: []Postgres{
			{Position: ThisMachine, Facts: &pgfacts.Facts{Elapsed: time.Second, Latency: &pgfacts.Latency{Median: time.Millisecond}}},
			{Position: "coder-1", Facts: &pgfacts.Facts{FailedStep: pgfacts.DNS}},
		},
		Gaps: map[Kind]Gap{Replicas: {Reason: "only the database was asked"}},
	}
	var text bytes.Buffer
	require.NoError(t, Encode(&text, f))
	assert.NotContains(t, text.String(), "hunter2")
	back, err := Decode(&text)
	require.NoError(t, err)
	assert.Equal(t, f, back)
}

func TestWhatIsNotAFactsFileIsRefusedInOneSentence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   io.Reader
		want string
	}{
		"nothing":         {strings.NewReader(""), "not a facts file of coder-ha: the JSON cannot be read"},
		"text":            {strings.NewReader("hunter2"), "not a facts file of coder-ha: the JSON cannot be read"},
		"another type":    {strings.NewReader(`{"schemaVersion":"1","facts":{"gatheredAt":"hunter2"}}`), "not a facts file of coder-ha: the JSON cannot be read"},
		"another version": {strings.NewReader(`{"schemaVersion":"2","facts":{}}`), `not a facts file of coder-ha of version 1: its version is "2"; read it with a version of the plugin that knows it`},
		"no answer":       {strings.NewReader(`{"schemaVersion":"1","facts":{"postgres":[{"position":""}]}}`), "not a facts file of coder-ha: a database has no answer"},
		"no workload":     {strings.NewReader(`{"schemaVersion":"1","facts":{"deployment":{"replicas":[{"name":"a"}]}}}`), "not a facts file of coder-ha: a replica has no workload"},
		"no replica":      {strings.NewReader(`{"schemaVersion":"1","facts":{"deployment":{"workloads":[{}]}}}`), "not a facts file of coder-ha: a deployment has no replica"},
		"idle workload":   {strings.NewReader(`{"schemaVersion":"1","facts":{"deployment":{"workloads":[{},{}],"replicas":[{}]}}}`), "not a facts file of coder-ha: a workload has no replica"},
		"no container":    {strings.NewReader(`{"schemaVersion":"1","facts":{"deployment":{"workloads":[{"pod":{"coder":1,"containers":[{}]}}],"replicas":[{}]}}}`), "not a facts file of coder-ha: a pod has no container of coderd"},
		"no selection":    {strings.NewReader(`{"schemaVersion":"1","facts":{"deployment":{"workloads":[{}],"replicas":[{}],"services":[{"selects":[7]}]}}}`), "not a facts file of coder-ha: a Service selects no replica that there is"},
		"no facts":        {strings.NewReader(`{"schemaVersion":"1"}`), "not a facts file of coder-ha: it has no facts"},
		"no end":          {io.MultiReader(strings.NewReader(`{"schemaVersion":"1","facts":{"gaps":"`), endless{}), "not a facts file of coder-ha: larger than 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Decode(c.in)
			require.ErrorIs(t, err, ErrNotFacts)
			assert.EqualError(t, err, c.want)
		})
	}
}

// endless gives the same byte without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
