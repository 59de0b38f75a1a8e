package relay

import (
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// reachChecks judge what running replicas answer.
func reachChecks() []check.Check {
	return []check.Check{
		{
			ID: "relay-unreachable", Area: area, Severity: check.Error, Needs: judgment.Replicas, Uses: []facts.Kind{facts.Mesh, facts.Database, facts.Pods},
			Title:   "relay URLs answer and change to DERP",
			Why:     "A replica that its peers cannot reach is left out of the mesh: a user and a workspace on two replicas do not find each other. coderd shows the failure nowhere in its UI.",
			Example: "connection refused at http://10.0.0.2:8080, or status 404 of /derp/latency-check",
			Remedy:  "Check that coderd runs on that host, that it listens on the host and port of its relay URL, and that a firewall lets the other hosts through.",
			Judge:   judgeReach,
		},
		{
			ID: "relay-latency", Area: area, Severity: check.Warning, Needs: judgment.Replicas, Uses: []facts.Kind{facts.Mesh},
			Title:   "the latency between replicas is low",
			Why:     "Traffic of a user whose workspace is connected to another replica takes the way between the two, and so do all events.",
			Example: "a median round trip of 40 ms between two replicas",
			Remedy:  "Run all replicas in one region. For users in other regions, add workspace proxies, not replicas.",
			Judge:   judgeLatency,
		},
	}
}

func judgeReach(f *check.Case) check.Result {
	reached, from := 0, facts.ThisMachine
	result := judgment.EachLink(f, func(j *judgment.Judgment, r deployment.Replica, link *facts.Link) {
		switch {
		case !r.EmbeddedRelay():
			j.Skip("the embedded relay is off: no mesh uses the relay URL")
		case link == nil:
			j.NotAsked(f, r, facts.RelayAddress)
		case link.Relay == nil && f.Trial.Why(r.Name, facts.RelayAddress) != nil:
			j.NotAsked(f, r, facts.RelayAddress)
		case link.Relay == nil:
			notDialed(j, r)
		case loopback(r):
			// What answered is not the host, but the machine that asked.
			j.See("relay-url-loopback")
		default:
			s := judgment.Of(f.Deployment, r, r.Env(coder.RelayURL))
			s.Replica = r.Name
			if j.ReachBetweenPods(f, *link, r, relayPort(link.Relay), "the relay of "+r.Name, *link.Relay, check.Finding{Subject: s, Expected: expected(link.Relay), Remedy: podRemedy(f, r, link.Relay)}) {
				reached, from = reached+1, link.From
			}
		}
	})
	return recorded(f, judgment.Noted(result, judgment.ReachedNote(f, reached, from)))
}

// relayPort is the port that was asked; 0 if it cannot be told.
func relayPort(a *facts.Answer) int {
	e, err := deployment.ParseEndpoint(deployment.Text(a.Target))
	if err != nil {
		return 0
	}
	return e.Port
}

// podRemedy is what to do where pods do not reach each other; empty where the
// replicas are no pods.
func podRemedy(f *check.Case, r deployment.Replica, a *facts.Answer) string {
	if f.Trial == nil || a.Failure == nil {
		return ""
	}
	switch a.Failure.Cause {
	case facts.Stranger, facts.Upgrade:
		return "Let the relay URL lead to coderd of that pod itself, past load balancers and proxies. " + judgment.RelayRemedy(f.Deployment, r)
	default:
		return "Let the pods reach each other on the port of the relay URL: look at the NetworkPolicies, the service mesh and the firewall between the nodes."
	}
}

func loopback(r deployment.Replica) bool {
	endpoint, err := deployment.ParseEndpoint(r.Env(coder.RelayURL).Text)
	return err == nil && deployment.Loopback(endpoint.Host)
}

// notDialed says why a relay URL was not dialed.
func notDialed(j *judgment.Judgment, r deployment.Replica) {
	switch relay := r.Env(coder.RelayURL); {
	case relay.State == deployment.Unknown:
		j.Unknown(coder.RelayURL, relay)
	case relay.Unset():
		j.See("relay-url-missing")
	default:
		j.See("relay-url-invalid")
	}
}

// expected is the answer that a peer needs.
func expected(a *facts.Answer) string {
	if a.Failure != nil && a.Failure.Cause == facts.Upgrade {
		return "status 101 (Switching Protocols) of GET /derp with Upgrade: DERP"
	}
	return "status 200 of GET /derp/latency-check within 3 s"
}

func judgeLatency(f *check.Case) check.Result {
	var notes []string
	slowest := slowestLink(f)
	result := judgment.EachLink(f, func(j *judgment.Judgment, r deployment.Replica, link *facts.Link) {
		switch {
		case !r.EmbeddedRelay():
			j.Skip("the embedded relay is off: no mesh uses the relay URL")
		case link == nil:
			j.NotAsked(f, r, facts.RelayAddress)
		case link.Relay == nil && f.Trial.Why(r.Name, facts.RelayAddress) != nil:
			j.NotAsked(f, r, facts.RelayAddress)
		case string(link.From) == link.To:
			// The way of a host to itself says nothing about the others.
		case link.From == facts.ThisMachine:
			j.Unproven("this machine is none of the hosts, so what it measures says nothing about them", judgment.OnOneOfTheHosts)
		case link.Relay == nil || link.Relay.Failure != nil:
			j.See("relay-unreachable")
		case link.Relay.Latency == nil:
			j.Unproven("the relay of "+r.Name+" answered only once", "run it again")
		case slowest != nil && link != slowest:
			j.Good()
		default:
			notes = append(notes, fmt.Sprintf("%s to %s %s", link.From, link.To, human.Duration(link.Relay.Latency.Median)))
			judgeMedian(j, f.Limits, *link, judgment.Of(f.Deployment, r, r.Env(coder.RelayURL)))
		}
	})
	note := strings.Join(notes, ", ")
	if slowest != nil {
		note = "the slowest of " + human.Count(len(f.Mesh), "way") + " is " + note
	}
	return judgment.Noted(result, note)
}

// slowestLink is the link with the longest round trip, where each position asked all
// the others; nil where one did.
func slowestLink(f *check.Case) *facts.Link {
	if len(f.Places) < 2 {
		return nil
	}
	var slowest *facts.Link
	for i := range f.Mesh {
		l := &f.Mesh[i]
		measured := l.Relay != nil && l.Relay.Failure == nil && l.Relay.Latency != nil
		if measured && (slowest == nil || l.Relay.Latency.Median > slowest.Relay.Latency.Median) {
			slowest = l
		}
	}
	return slowest
}

func judgeMedian(j *judgment.Judgment, limits check.Limits, link facts.Link, subject check.Subject) {
	l := link.Relay.Latency
	severity := check.Warning
	switch {
	case l.Median > limits.RelayLatencyError:
		severity = check.Error
	case l.Median <= limits.RelayLatencyWarning:
		j.Good()
		return
	}
	subject.Replica = link.To
	j.Find(check.Finding{
		Severity: severity, Subject: subject,
		Message:  fmt.Sprintf("the latency from %s to %s is high: %s for one round trip", link.From, link.To, human.Duration(l.Median)),
		Observed: fmt.Sprintf("median %s, min %s, p95 %s of %d round trips", human.Duration(l.Median), human.Duration(l.Min), human.Duration(l.P95), len(l.Samples)),
		Expected: "a median of at most " + human.Duration(limits.RelayLatencyWarning),
	})
}
