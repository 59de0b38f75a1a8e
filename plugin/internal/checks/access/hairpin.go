package access

import (
	"net/http"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// hairpinChecks judge whether the access URL answers where replicas run.
func hairpinChecks() []check.Check {
	return []check.Check{{
		ID: "access-url-hairpin", Area: area, Severity: check.Error, Needs: judgment.Mesh,
		Title:   "the access URL answers where the replicas run",
		Why:     "coderd itself and its provisioners use the access URL too: the load balancer must let a host back to itself.",
		Example: "on a host, GET https://coder.example.com/healthz gets no answer",
		Remedy:  "Let the hosts reach the load balancer by the access URL: DNS, the firewall, and for a load balancer that does not send a host its own connections back, another address in the hosts' DNS.",
		Judge:   judgeHairpin,
	}}
}

func judgeHairpin(f *check.Case) check.Result {
	var j judgment.Judgment
	note := ""
	for _, place := range f.Places {
		r := f.Deployment.Replicas[0]
		a := place.Access
		switch {
		case a == nil:
			j.See("access-url-missing")
		case place.Position == facts.ThisMachine:
			j.Unproven("this machine is none of the hosts"+seen(*a), judgment.OnOneOfTheHosts)
		case f.Trial != nil && f.Trial.Running == 0 && a.Failure != nil:
			j.Unproven("no replica runs yet that could answer at the access URL: "+a.Failure.Message+", from "+place.Position.String(), "run it again after the install")
		case f.Trial != nil && f.Trial.AgentImage && a.Failure != nil && a.Failure.UnknownAuthority:
			j.Unproven("the certificate of the access URL is of an authority that the image of agents does not know, and the image of coderd may know, from "+place.Position.String(), judgment.WithoutAgentImage)
		case redirects(a):
			j.Unproven("the access URL answers with a redirect, which is not followed", "open its /healthz on one of the hosts")
		default:
			s := judgment.Of(f.Deployment, r, r.Env(coder.AccessURL))
			if j.ReachFromPods(f, place.Position, "the access URL", *a, check.Finding{Subject: s, Expected: "status 200 of GET /healthz"}) {
				note = "from " + place.Position.String()
				if len(f.Places) > 1 {
					note = "from " + human.Count(len(f.Places), "replica")
				}
				if a.Latency != nil && len(f.Places) == 1 {
					note += ", " + human.Duration(a.Latency.Median)
				}
			}
		}
	}
	return judgment.Noted(j.Result(), note)
}

// seen is what the access URL answered to a machine that is no host.
func seen(a facts.Answer) string {
	if a.Failure == nil {
		return ", where the access URL answers"
	}
	return ", where the access URL does not answer as it should: " + a.Failure.Message
}

func redirects(a *facts.Answer) bool {
	return a.Failure != nil && a.Failure.Status >= http.StatusMultipleChoices && a.Failure.Status < http.StatusBadRequest
}
