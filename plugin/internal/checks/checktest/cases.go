package checktest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// Secret is what tests put wherever a user may have put one: it may be in no
// outcome, and in no facts that are saved.
const Secret = "hunter2"

// Case changes one thing of a right world, and says what a check makes of it.
type Case struct {
	name   string
	change func(*World)
	// want is the status, and for a failure the severity.
	want     check.Status
	severity check.Severity
	// says is a part of the message, of the reason to skip, or of the note.
	says string
	// open says of a skip that the check applies, and is not proved.
	open bool
}

// Passes is a case in which the check holds.
func Passes(name string, change func(*World)) Case {
	return Case{name: name, change: change, want: check.Passed}
}

// Notes is Passes, with a part of the measured fact that is shown.
func Notes(name, note string, change func(*World)) Case {
	return Case{name: name, change: change, want: check.Passed, says: note}
}

// Skips is a case in which the check does not apply, or is not proved.
func Skips(name, reason string, change func(*World)) Case {
	return Case{name: name, change: change, want: check.Skipped, says: reason}
}

// Leaves is a case in which the check applies, and is left unproved.
func Leaves(name, reason string, change func(*World)) Case {
	return Case{name: name, change: change, want: check.Skipped, says: reason, open: true}
}

// Fires is a case with a finding of severity error.
func Fires(name, message string, change func(*World)) Case {
	return Case{name: name, change: change, want: check.Failed, severity: check.Error, says: message}
}

// Warns is a case with a finding of severity warning.
func Warns(name, message string, change func(*World)) Case {
	return Case{name: name, change: change, want: check.Failed, severity: check.Warning, says: message}
}

// Advises is a case with a finding of severity info.
func Advises(name, message string, change func(*World)) Case {
	return Case{name: name, change: change, want: check.Failed, severity: check.Info, says: message}
}

// Cases are the cases of an area, by check.
type Cases struct{ byID map[string][]Case }

// About adds cases of one check.
func (c *Cases) About(id string, cases ...Case) {
	c.byID[id] = append(c.byID[id], cases...)
}

// Run tries every case on a world of its own. Each check of the area must fire
// in one case and stay quiet in another that changes something: without both,
// nothing shows that it can tell right from wrong.
func Run(t *testing.T, declared []check.Check, sets ...func(*testing.T, *Cases)) {
	t.Helper()
	all := &Cases{byID: map[string][]Case{}}
	for _, add := range sets {
		add(t, all)
	}
	known := map[string]bool{}
	for _, d := range declared {
		known[d.ID] = true
		guard(t, d.ID, all.byID[d.ID])
	}
	for id, cases := range all.byID {
		require.True(t, known[id], "no check of this area has the id %s", id)
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) { c.try(t, id, declared) })
			}
		})
	}
}

// guard demands a case that fires and a near miss.
func guard(t *testing.T, id string, cases []Case) {
	t.Helper()
	fires, quiet := false, false
	for _, c := range cases {
		fires = fires || c.want == check.Failed
		quiet = quiet || c.want != check.Failed && c.change != nil
	}
	assert.True(t, fires, "%s fires in no case", id)
	assert.True(t, quiet, "%s has no near miss: a case that changes something and leaves it quiet", id)
}

func (c Case) try(t *testing.T, id string, declared []check.Check) {
	w := NewWorld()
	if c.change != nil {
		c.change(w)
	}
	judged := w.Case(t)
	got := outcome(t, id, check.Judge(declared, judged, nil))
	require.Equal(t, c.want, got.Status, "%+v", got)
	switch c.want {
	case check.Failed:
		worst, _ := got.Worst()
		assert.Equal(t, c.severity, worst)
		assert.Contains(t, got.Findings[0].Message, c.says)
		for _, found := range got.Findings {
			assert.NotEmpty(t, found.Observed)
			assert.NotEmpty(t, found.Expected)
			assert.NotEmpty(t, found.Remedy)
			assert.NotContains(t, found.Remedy, "%!")
			assert.NotEmpty(t, found.Subject.Kind)
		}
	case check.Skipped:
		assert.Contains(t, got.Skip.Reason, c.says)
		if c.open {
			assert.NotEmpty(t, got.Skip.Proof)
		}
	case check.Passed:
		assert.Contains(t, got.Note, c.says)
	}
	SurvivesSaving(t, declared, judged)
}

// SurvivesSaving says that the verdict on saved facts is the same, and that they
// hold no secret.
func SurvivesSaving(t *testing.T, declared []check.Check, c *check.Case) {
	t.Helper()
	var saved bytes.Buffer
	require.NoError(t, facts.Encode(&saved, c.Facts))
	assert.NotContains(t, saved.String(), Secret)
	back, err := facts.Decode(&saved)
	require.NoError(t, err)
	again := &check.Case{Facts: back, Settings: c.Settings}
	assert.Equal(t, check.Judge(declared, c, nil), check.Judge(declared, again, nil))
}

// AllQuiet says that no check fails on a world.
func AllQuiet(t *testing.T, declared []check.Check, w *World) {
	t.Helper()
	for _, o := range check.Judge(declared, w.Case(t), nil) {
		assert.NotEqual(t, check.Failed, o.Status, "%s %+v", o.ID, o.Findings)
	}
}

func outcome(t *testing.T, id string, all []check.Outcome) check.Outcome {
	t.Helper()
	for _, o := range all {
		if o.ID == id {
			return o
		}
	}
	require.Fail(t, "no check has the id "+id)
	return check.Outcome{}
}
