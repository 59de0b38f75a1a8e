package check

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var area = Area{ID: "a", Title: "A"}

func declared(id string, judge func(int) Result) Check[int] {
	return Check[int]{ID: id, Area: area, Severity: Warning, Title: id + " holds", Remedy: "do " + id, Judge: judge}
}

func TestRunTurnsResultsIntoVerdictsInTheDeclaredOrder(t *testing.T) {
	own := Finding{Severity: Info, Message: "mild", Remedy: "own"}
	got := Run([]Check[int]{
		declared("pass", func(int) Result { return PassNote("3 ms") }),
		declared("fail", func(int) Result { return Fail(Finding{Message: "bad"}, own) }),
		declared("off", func(int) Result { return NotApplicable("one replica") }),
		declared("open", func(int) Result { return Unproven("no URL", "give it") }),
		declared("both", func(int) Result { return Result{Findings: []Finding{own}, Skip: &Skip{Reason: "x"}} }),
		declared("broken", func(int) Result { panic("index out of range") }),
		declared("unwanted", func(int) Result { return Fail(own) }),
	}, 7, map[string]string{"unwanted": "--skip"})
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
