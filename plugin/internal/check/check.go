// Package check is the engine that judges facts: a check is a declaration and
// a pure function, and Run turns a list of them into outcomes.
//
// The declarations themselves live in package checks, one file for each area.
package check

import "github.com/coder-ha/coder-ha/plugin/internal/facts"

// Area groups checks in reports, in the order in which they are declared.
type Area struct {
	// ID is the name in JSON and in documentation anchors.
	ID string
	// Title heads the group in the text report.
	Title string
}

// Check is the declaration of one check.
type Check struct {
	// ID is a promise to users: it stands in suppress lists and never changes
	// its meaning.
	ID string
	// Area is the group that the check is shown in.
	Area Area
	// Severity is that of a finding which does not carry its own.
	Severity Severity
	// Title says in one positive sentence what holds when the check passes.
	Title string
	// Why says what happens to Coder when it does not hold.
	Why string
	// Example is a setting or a state in which it does not hold.
	Example string
	// Change is the same as a change of a deployment that is right: a diff whose lines
	// with - fail the check, and whose lines with + do not.
	Change string
	// Remedy is the general advice; a finding carries its own, ready to paste.
	Remedy string
	// Needs are the kinds of evidence without which the check cannot be made: the
	// engine then skips it with the gap's own words.
	Needs []facts.Kind
	// Uses are the kinds of evidence that the check looks at where they are there.
	Uses []facts.Kind
	// Judge looks at the case. It does no I/O and keeps no state.
	Judge func(*Case) Result
}

// Subject says what a finding is about. Empty fields do not apply.
type Subject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Container string `json:"container"`
	Replica   string `json:"replica"`
	// File and Line say where the user can change it; Line is 1-based, and 0
	// where only the file is known.
	File string `json:"file"`
	Line int    `json:"line"`
}

// Finding is one thing that is wrong.
type Finding struct {
	Severity Severity `json:"severity"`
	// Message is one sentence: what is wrong, with the measured value.
	Message string  `json:"message"`
	Subject Subject `json:"subject"`
	// Observed and Expected are what was found and what should be there.
	Observed string `json:"observed"`
	Expected string `json:"expected"`
	// Remedy can be pasted or followed as it stands.
	Remedy string `json:"remedy"`
}

// Result is what Judge returns: findings, or a reason to skip, or neither,
// which is a pass. Findings win over a skip: what is known to be wrong is said.
type Result struct {
	Findings []Finding
	Skip     *Skip
	// Note is an optional measured fact to show beside a pass.
	Note string
}

// Skip says why a check could not be made.
type Skip struct {
	// Reason is a sentence without a full stop.
	Reason string
	// Proof says what would prove the check. It is empty where the check does
	// not apply to this deployment, and then nothing is left unproven.
	Proof string
	// See is the id of the check that judges what is wrong instead; empty where
	// there is none.
	See string
	// Flag is the one that asks what the check needs, where nobody asked for that:
	// then nothing is left unproven. It is empty where there is none.
	Flag string
}

// Pass is the result of a check that holds.
func Pass() Result { return Result{} }

// PassNote is Pass with a measured fact to show beside it.
func PassNote(note string) Result { return Result{Note: note} }

// NotApplicable skips a check that has nothing to say about this deployment.
func NotApplicable(reason string) Result { return Result{Skip: &Skip{Reason: reason}} }

// Unproven skips a check whose facts are missing; proof says how to get them.
func Unproven(reason, proof string) Result {
	return Result{Skip: &Skip{Reason: reason, Proof: proof}}
}

// Missing skips a check for a gap in its evidence.
func Missing(gap facts.Gap) Result {
	return Result{Skip: &Skip{Reason: gap.Reason, Proof: gap.Proof, Flag: gap.Flag}}
}

// Later is the proof of what time alone will tell.
const Later = "run it again in a few seconds, or wait with helm coder-ha status --wait"

// See skips a check whose object is another check's finding already.
func See(id string) Result { return Result{Skip: &Skip{Reason: "see " + id, See: id}} }

// Fail is a result with findings of the check's own severity, unless a finding
// was given another one by its maker.
func Fail(findings ...Finding) Result { return Result{Findings: findings} }
