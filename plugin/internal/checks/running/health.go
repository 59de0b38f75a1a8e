package running

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

func healthChecks() []check.Check {
	return []check.Check{{
		ID: "health", Area: area, Severity: check.Error, Needs: api, Uses: []facts.Kind{facts.OwnerAPI},
		Title:   "each replica says that it is healthy",
		Why:     "The health page of the dashboard shows the replica that the load balancer chose. What is wrong with another one shows there only by chance.",
		Example: "coder-1 reports EACS03: it does not reach the access URL",
		Remedy:  "See https://coder.com/docs/admin/monitoring/health-check for the code.",
		Judge:   judgeHealth,
	}}
}

// complaint is one thing that replicas say is wrong.
type complaint struct {
	section, code, message string
	severity               check.Severity
	pods                   []string
}

func judgeHealth(f *check.Case) check.Result {
	var j judgment.Judgment
	var all []complaint
	healthy := 0
	for _, pod := range f.Running.Pods {
		answer := f.APIOf(pod.Name)
		ready := pod.StateAt(f.Now) == facts.Ready
		switch {
		case !ready:
		case answer == nil:
			j.Unproven(pod.Name+" was not asked", "run it again")
		case answer.Healthz.Failure != nil:
			silent(&j, f, *answer)
		case answer.Health != nil:
			if complaints(&all, *answer) == 0 {
				healthy++
			}
			j.Good()
		default:
			unasked(&j, f, *answer)
		}
	}
	for _, c := range all {
		j.Find(check.Finding{
			Severity: c.severity, Message: c.say(), Subject: about(f, c.pods[0]),
			Observed: strings.Join(c.pods, ", ") + ": " + c.message, Expected: "section " + c.section + " is ok",
		})
	}
	result := j.Result()
	if result.Skip == nil && len(result.Findings) == 0 && healthy == 0 {
		return check.See("replicas-not-ready")
	}
	return judgment.Noted(result, fmt.Sprintf("%d of %d", healthy, len(f.CoderAPI)))
}

func (c complaint) say() string {
	what := c.section
	if c.code != "" {
		what += ", " + c.code
	}
	return fmt.Sprintf("%s: %s on %s", what, c.message, strings.Join(c.pods, ", "))
}

// silent judges a ready pod whose /healthz does not answer as it should.
func silent(j *judgment.Judgment, f *check.Case, a facts.CoderAPI) {
	if !a.Healthz.Failure.Cause.Answers() {
		j.Unproven(a.Pod+" was not reached: "+a.Healthz.Failure.Message, "run it again")
		return
	}
	j.Find(check.Finding{
		Message: a.Pod + " is ready, but /healthz does not answer: " + a.Healthz.Failure.Message, Subject: about(f, a.Pod),
		Observed: a.Healthz.Failure.Message, Expected: "status 200",
	})
}

// unasked says why a pod told nothing of its health.
func unasked(j *judgment.Judgment, f *check.Case, a facts.CoderAPI) {
	if refused := a.UnansweredAt(facts.PathHealth); refused != nil {
		j.Unproven(fmt.Sprintf("%s did not tell its health: %s", a.Pod, refused.Message), giveToken)
		return
	}
	gap, _ := f.Missing(facts.OwnerAPI)
	j.Unproven(gap.Reason, gap.Proof)
}

// complaints adds what a replica says is wrong, and counts it.
func complaints(all *[]complaint, a facts.CoderAPI) int {
	n := 0
	for _, s := range a.Health.Sections {
		severity, bad := severities[s.Severity]
		if !bad || s.Dismissed {
			continue
		}
		said := s.Messages
		if s.Error != "" || len(said) == 0 {
			text := s.Error
			if text == "" {
				text = "severity " + s.Severity
			}
			said = append(slices.Clone(said), facts.HealthMessage{Message: text})
		}
		for _, m := range said {
			n++
			add(all, complaint{section: s.Name, code: m.Code, message: m.Message, severity: severity}, a.Pod)
		}
	}
	return n
}

// severities are Coder's words.
var severities = map[string]check.Severity{"warning": check.Warning, "error": check.Error}

// add puts what several replicas say of one thing together.
func add(all *[]complaint, c complaint, pod string) {
	at := slices.IndexFunc(*all, func(o complaint) bool { return o.section == c.section && o.code == c.code && o.severity == c.severity })
	if at < 0 {
		*all = append(*all, c)
		at = len(*all) - 1
	}
	(*all)[at].pods = append((*all)[at].pods, pod)
}
