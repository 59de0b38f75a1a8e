package check

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

var area = Area{ID: "a", Title: "A"}

func declared(id string, judge func(*Case) Result) Check {
	return Check{ID: id, Area: area, Severity: Warning, Title: id + " holds", Remedy: "do " + id, Judge: judge}
}

func TestJudgeTurnsResultsIntoVerdictsInTheDeclaredOrder(t *testing.T) {
	own := Finding{Severity: Info, Message: "mild", Remedy: "own"}
	got := Judge([]Check{
		declared("pass", func(*Case) Result { return PassNote("3 ms") }),
		declared("fail", func(*Case) Result { return Fail(Finding{Message: "bad"}, own) }),
		declared("off", func(*Case) Result { return NotApplicable("one replica") }),
		declared("open", func(*Case) Result { return Unproven("no URL", "give it") }),
		declared("both", func(*Case) Result { return Result{Findings: []Finding{own}, Skip: &Skip{Reason: "x"}} }),
		declared("broken", func(*Case) Result { panic("index out of range") }),
		declared("unwanted", func(*Case) Result { return Fail(own) }),
	}, &Case{Facts: &facts.Facts{}}, map[string]string{"unwanted": "--skip"})
	require.Len(t, got, 7)
	assert.Equal(t, []Status{Passed, Failed, Skipped, Skipped, Failed, Failed, Skipped}, statuses(got))
	assert.Equal(t, "3 ms", got[0].Note)
	assert.Equal(t, []Finding{{Severity: Warning, Message: "bad", Remedy: "do fail"}, own}, got[1].Findings)
	assert.False(t, got[2].Unproven(), "what does not apply leaves nothing unproven")
	assert.True(t, got[3].Unproven())
	assert.Contains(t, got[5].Findings[0].Message, "the check itself failed")
	assert.True(t, got[6].Suppressed)
	assert.Equal(t, "suppressed by --skip", got[6].Skip.Reason)
}

func statuses(outcomes []Outcome) []Status {
	var out []Status
	for _, o := range outcomes {
		out = append(out, o.Status)
	}
	return out
}

func TestWorstIsTheHighestSeverity(t *testing.T) {
	worst, ok := Outcome{Findings: []Finding{{Severity: Warning}, {Severity: Error}, {Severity: Info}}}.Worst()
	assert.True(t, ok)
	assert.Equal(t, Error, worst)
	_, ok = Outcome{}.Worst()
	assert.False(t, ok)
}

func TestSeverityIsReadAsItIsWritten(t *testing.T) {
	for _, s := range Severities() {
		text, err := s.MarshalText()
		require.NoError(t, err)
		var back Severity
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, s, back)
	}
	_, err := ParseSeverity("fatal")
	assert.EqualError(t, err, `unknown severity "fatal": use error, warning or info`)
}

func TestACheckWhoseEvidenceIsMissingIsSkippedWithTheGapsWords(t *testing.T) {
	needy := declared("needy", func(c *Case) Result { return PassNote(c.Deployment.Source) })
	needy.Needs = []facts.Kind{facts.Replicas}
	c := &Case{Facts: &facts.Facts{}}
	got := Judge([]Check{needy}, c, nil)[0]
	assert.True(t, got.Unproven())
	assert.Equal(t, "no chart, manifests or hosts describe the replicas", got.Skip.Reason)

	c.Lacks(facts.Replicas, facts.Gap{Reason: "only the database was asked"})
	got = Judge([]Check{needy}, c, nil)[0]
	assert.Equal(t, Skip{Reason: "only the database was asked"}, got.Skip)
	assert.False(t, got.Unproven(), "what the run was not meant to look for is not left open")

	c.Lacks(facts.Replicas, facts.Gap{Reason: "only the database was asked", Flag: "--more"})
	got = Judge([]Check{needy}, c, nil)[0]
	assert.True(t, got.NotAsked(), "a flag would look for it")
	assert.False(t, got.Unproven())

	c.Deployment = &deployment.Deployment{Source: "a chart"}
	assert.Equal(t, "a chart", Judge([]Check{needy}, c, nil)[0].Note)
}
