package judgment

import (
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// OnOneOfTheHosts is how to ask from where replicas ask each other.
const OnOneOfTheHosts = "run it with --probe on one of the hosts"

// WithoutAgentImage is how to ask with the roots of coderd's own image.
const WithoutAgentImage = "run it without --agent-image, which asks with the roots of coderd's image"

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
		j.alike(what+": "+f.Message, from, finding, a.Target+": "+f.Message)
	}
	return false
}

// alike is a failure that several positions saw.
type alike struct {
	finding int
	first   facts.Position
	others  int
}

// alike adds a finding, or one more position to it.
func (j *Judgment) alike(what string, from facts.Position, finding check.Finding, observed string) {
	seen, again := j.failures[what]
	if !again {
		finding.Message, finding.Observed = what+", from "+from.String(), observed
		before := len(j.findings)
		j.Find(finding)
		if j.failures == nil {
			j.failures = map[string]alike{}
		}
		if len(j.findings) > before {
			j.failures[what] = alike{finding: before, first: from}
		}
		return
	}
	seen.others++
	j.failures[what] = seen
	j.findings[seen.finding].Message = fmt.Sprintf("%s, from %s and %s", what, seen.first, human.Count(seen.others, "other replica"))
}

// PoliciesPending says whether NetworkPolicies of the input may not be in the cluster
// yet, so that another one may still block what they will allow.
func PoliciesPending(f *check.Case) bool {
	return f.Trial != nil && f.Trial.Running == 0 && f.Deployment != nil && len(f.Deployment.Policies) > 0
}

// ReachFromPods is Reach, for pods that may be in the place of the replicas before
// their NetworkPolicies are.
func (j *Judgment) ReachFromPods(c *check.Case, from facts.Position, what string, a facts.Answer, finding check.Finding) (reached bool) {
	if f := a.Failure; f != nil && PoliciesPending(c) && (f.Cause == facts.Timeout || f.Cause == facts.Unreachable) {
		j.Unproven(fmt.Sprintf("%s: %s, from %s, and the NetworkPolicies of the input may not be in the cluster yet", what, f.Message, from), "apply them, or run it again after the install")
		return false
	}
	return j.Reach(from, what, a, finding)
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

// NotAsked says why a replica, or one of its addresses, was not asked.
func (j *Judgment) NotAsked(f *check.Case, r deployment.Replica, what string) {
	if absence := f.Trial.Why(r.Name, what); absence != nil {
		j.Unproven(absence.Reason, absence.Proof)
		return
	}
	gap, missing := f.Missing(facts.Mesh)
	switch {
	case missing:
	case f.Trial != nil && len(f.Trial.Absent) > 0:
		// A single pod is asked by nobody.
		absence := f.Trial.Absent[0]
		gap = facts.Gap{Reason: absence.Reason, Proof: absence.Proof}
	default:
		gap = facts.Gap{Reason: r.Name + " was not asked", Proof: "run it again"}
	}
	if gap.Proof == "" {
		j.Off(check.Missing(gap))
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

// ReachedNote says how many ways were good, and from where.
func ReachedNote(f *check.Case, reached int, from facts.Position) string {
	if len(f.Places) > 1 {
		return fmt.Sprintf("%d of %d, from %s", reached, len(f.Mesh), human.Count(len(f.Places), "replica"))
	}
	return fmt.Sprintf("%d of %d, from %s", reached, len(f.Mesh), from)
}
