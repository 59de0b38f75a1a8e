package judgment

import (
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// OnOneOfTheHosts is how to ask from where replicas ask each other.
const OnOneOfTheHosts = "run it with --probe on one of the hosts"

// Reach judges how an address answered. What did not answer at all may be out of
// reach for this machine only, if it is none of the replicas; then it is not
// verified. What is the subject for people, and finding is what to complete.
func (j *Judgment) Reach(from facts.Position, what string, a facts.Answer, finding check.Finding) (reached bool) {
	switch f := a.Failure; {
	case f == nil:
		j.Good()
		return true
	case f.Cause == facts.Interrupted:
		j.Unproven(fmt.Sprintf("%s: the run ended before it answered", what), "run it again, with a longer --timeout")
	case from == facts.ThisMachine && !f.Cause.Answers():
		j.Unproven(fmt.Sprintf("this machine is none of the hosts, and gets no answer from %s at %s: %s", what, a.Target, f.Message), OnOneOfTheHosts)
	default:
		finding.Message = fmt.Sprintf("%s: %s, from %s", what, f.Message, from)
		finding.Observed = a.Target + ": " + f.Message
		j.Find(finding)
	}
	return false
}

// EachLink judges what each replica answered, which is nil where it was not asked. It
// does not apply to a single replica.
func EachLink(f *check.Case, judge func(*Judgment, deployment.Replica, *facts.Link)) check.Result {
	if !f.Deployment.Several() {
		return check.NotApplicable(OneReplica)
	}
	var j Judgment
	for _, r := range f.Deployment.Replicas {
		asked := false
		for i := range f.Mesh {
			if f.Mesh[i].To == r.Name {
				asked = true
				judge(&j, r, &f.Mesh[i])
			}
		}
		if !asked {
			judge(&j, r, nil)
		}
	}
	return j.Result()
}

// NotAsked says why no replica was asked.
func (j *Judgment) NotAsked(f *check.Case) {
	gap, _ := f.Missing(facts.Mesh)
	if gap.Proof == "" {
		j.Skip("%s", gap.Reason)
		return
	}
	j.Unproven(gap.Reason, gap.Proof)
}

// Noted is a result with a measured fact beside a pass.
func Noted(result check.Result, note string) check.Result {
	if len(result.Findings) == 0 && result.Skip == nil {
		result.Note = note
	}
	return result
}
