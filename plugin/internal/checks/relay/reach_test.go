package relay

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// secondFails lets the relay of the second host fail.
func secondFails(from facts.Position, cause facts.Cause, message string) func(*checktest.World) {
	return checktest.AskedFrom(from, func(a *checktest.Asked) { a.Links[1].Relay = checktest.Failed(cause, message) }, nil)
}

// secondTakes sets the round trip from the first to the second host.
func secondTakes(from facts.Position, d time.Duration) func(*checktest.World) {
	return checktest.AskedFrom(from, func(a *checktest.Asked) { a.Links[1].Relay.Latency = pgfacts.NewLatency([]time.Duration{d}) }, nil)
}

// TestTheRemedyIsForWhatCameBack holds apart a port that is closed and one behind which
// somebody else is.
func TestTheRemedyIsForWhatCameBack(t *testing.T) {
	t.Parallel()
	for cause, remedy := range map[facts.Cause]string{
		facts.Stranger: "past load balancers and proxies", facts.Upgrade: "past load balancers and proxies",
		facts.Refused: "Let the pods reach each other",
	} {
		w := checktest.NewWorld()
		checktest.Rehearsed(func(f *check.Case) { f.Mesh[0].Relay = checktest.Failed(cause, "it is not as it should be") })(w)
		found := judgeReach(w.Case(t)).Findings
		require.Len(t, found, 1, cause)
		assert.Contains(t, found[0].Remedy, remedy, cause)
	}
}

func reachCases(_ *testing.T, c *checktest.Cases) {
	const here, host = facts.ThisMachine, facts.Position("coder-1")
	one := func(h *checktest.HostFiles) { h.Names = h.Names[:1] }
	rehearsed := checktest.Rehearsed
	c.About("relay-unreachable",
		checktest.Notes("pods in the places of the replicas answer", "6 of 6, from 3 replicas", rehearsed(nil)),
		checktest.Fires("one of them does not answer the others", "the relay of coder-2: no answer within 3.0 s, from replica coder-0 and 1 other replica", rehearsed(func(f *check.Case) {
			for i := range f.Mesh {
				if f.Mesh[i].To == "coder-2" {
					f.Mesh[i].Relay = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
				}
			}
		})),
		checktest.Fires("somebody else answers", "the relay of coder-1: replica coder-0 answers there, from replica coder-0", rehearsed(func(f *check.Case) {
			f.Mesh[0].Relay = checktest.Failed(facts.Stranger, "replica coder-0 answers there")
		})),
		checktest.Fires("a proxy does not change to DERP", "the relay of coder-1: status 426 to the upgrade to DERP, from replica coder-0", rehearsed(func(f *check.Case) {
			f.Mesh[0].Relay = checktest.Failed(facts.Upgrade, "status 426 to the upgrade to DERP")
		})),
		checktest.Skips("no pod in the place of one", "no pod answers in the place of coder-2", rehearsed(func(f *check.Case) {
			f.Mesh = slices.DeleteFunc(f.Mesh, func(l facts.Link) bool { return l.To == "coder-2" || l.From == "coder-2" })
			f.Trial.Absent = []facts.Absence{{Replica: "coder-2", Reason: "no pod answers in the place of coder-2: no node takes it", Proof: "let it run"}}
		})),
		checktest.Skips("a pod in the place of one only", "no pod answers in the place of coder-1", rehearsed(func(f *check.Case) {
			f.Mesh, f.Trial.Absent = nil, nil
			for _, name := range []string{"coder-1", "coder-2"} {
				f.Trial.Absent = append(f.Trial.Absent, facts.Absence{Replica: name, Reason: "no pod answers in the place of " + name + ": no node takes it", Proof: "let it run"})
			}
		})),
		checktest.Skips("an address that no other pod can stand for", "coder-1: its relay URL", rehearsed(func(f *check.Case) {
			for i := range f.Mesh {
				if f.Mesh[i].To == "coder-1" {
					f.Mesh[i].Relay = nil
				}
			}
			f.Trial.Untried = []facts.Absence{{Replica: "coder-1", What: facts.RelayAddress, Reason: "coder-1: its relay URL does not hold the address", Proof: "ask it once it runs"}}
		})),
		checktest.Skips("a policy of the input may not be there yet", "may not be in the cluster yet", rehearsed(func(f *check.Case) {
			f.Trial.Running, f.Deployment.Policies = 0, []deployment.Policy{{Name: "allow"}}
			f.Mesh[0].Relay = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
		})),
		checktest.Fires("a policy of the input that is there", "no answer within", rehearsed(func(f *check.Case) {
			f.Deployment.Policies = []deployment.Policy{{Name: "allow"}}
			f.Mesh[0].Relay = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
		})),
		checktest.Skips("pods do not run yet", "only replicas that run", nil),
		checktest.Skips("hosts that were not asked", "were not asked", checktest.OnHosts(nil)),
		checktest.Notes("all answer", "3 of 3, from this machine", checktest.AskedFrom(here, nil, nil)),
		checktest.Notes("all answer one of them", "3 of 3, from replica coder-1", checktest.AskedFrom(host, nil, nil)),
		checktest.Fires("refused", "the relay of coder-2: connection refused, from this machine", secondFails(here, facts.Refused, "connection refused")),
		checktest.Fires("not found", "status 404", secondFails(here, facts.Status, "status 404")),
		checktest.Fires("no TLS", "plain HTTP", secondFails(here, facts.TLS, "it speaks plain HTTP, not TLS")),
		checktest.Fires("no DERP", "status 426", secondFails(here, facts.Upgrade, "status 426 to the upgrade to DERP")),
		checktest.Skips("a timeout may be this machine's network", "none of the hosts", secondFails(here, facts.Timeout, "no answer within 3.0 s")),
		checktest.Skips("so may an unknown name", "no such host", secondFails(here, facts.Unresolved, "no such host")),
		checktest.Skips("and a network without a way", "no route", secondFails(here, facts.Unreachable, "no route to host")),
		checktest.Fires("a timeout between hosts", "no answer within 3.0 s, from replica coder-1", secondFails(host, facts.Timeout, "no answer within 3.0 s")),
		checktest.Fires("an unknown name on a host", "no such host", secondFails(host, facts.Unresolved, "no such host")),
		checktest.Skips("interrupted", "the run ended", secondFails(host, facts.Interrupted, "the run ended before the answer")),
		checktest.Fires("one of them fails for sure", "connection refused", checktest.AskedFrom(here, func(a *checktest.Asked) {
			a.Links[0].Relay = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
			a.Links[1].Relay = checktest.Failed(facts.Refused, "connection refused")
		}, nil)),
		checktest.Skips("one host", "one replica", checktest.AskedFrom(host, nil, one)),
		checktest.Skips("loopback, where this machine answered", "relay-url-loopback", checktest.AskedFrom(here, func(a *checktest.Asked) {
			for i := range a.Links {
				a.Links[i].Relay = checktest.Failed(facts.Refused, "connection refused")
			}
		}, func(h *checktest.HostFiles) { h.AddAll(coder.RelayURL + "=http://127.0.0.1:8080") })),
		checktest.Skips("custom relays", "embedded relay is off", checktest.AskedFrom(host, func(a *checktest.Asked) {
			for i := range a.Links {
				a.Links[i].Relay = nil
			}
		}, func(h *checktest.HostFiles) { h.AddAll(coder.DERPServerEnable + "=false") })),
		checktest.Skips("no relay URL", "relay-url-missing", checktest.AskedFrom(host, func(a *checktest.Asked) {
			for i := range a.Links {
				a.Links[i].Relay = nil
			}
		}, func(h *checktest.HostFiles) { h.AddAll(coder.RelayURL + "=") })),
	)
	c.About("relay-latency",
		checktest.Notes("the slowest of all pairs", "the slowest of 6 ways is replica coder-0 to coder-2 4.0 ms", rehearsed(func(f *check.Case) {
			f.Mesh[1].Relay.Latency = pgfacts.NewLatency([]time.Duration{4 * time.Millisecond})
		})),
		checktest.Warns("one pair is far", "from replica coder-0 to coder-2 is high: 20 ms", rehearsed(func(f *check.Case) {
			f.Mesh[1].Relay.Latency = pgfacts.NewLatency([]time.Duration{20 * time.Millisecond})
		})),
		checktest.Skips("hosts that were not asked", "were not asked", checktest.OnHosts(nil)),
		checktest.Skips("from a machine that is none of them", "none of the hosts", secondTakes(here, 60*time.Millisecond)),
		checktest.Notes("close", "replica coder-1 to coder-2 1.0 ms", checktest.AskedFrom(host, nil, nil)),
		checktest.Passes("10 ms", secondTakes(host, 10*time.Millisecond)),
		checktest.Warns("more than 10 ms", "from replica coder-1 to coder-2 is high: 11 ms", secondTakes(host, 11*time.Millisecond)),
		checktest.Warns("50 ms", "50 ms", secondTakes(host, 50*time.Millisecond)),
		checktest.Fires("more than 50 ms", "51 ms", secondTakes(host, 51*time.Millisecond)),
		checktest.Passes("a higher limit", func(w *checktest.World) {
			secondTakes(host, 40*time.Millisecond)(w)
			w.Settings.Limits.RelayLatencyWarning = 45 * time.Millisecond
		}),
		checktest.Passes("the way of a host to itself does not count", secondTakes("coder-2", time.Second)),
		checktest.Skips("no answer", "relay-unreachable", checktest.AskedFrom(host, func(a *checktest.Asked) {
			a.Links[1].Relay, a.Links[2].Relay = checktest.Failed(facts.Refused, "connection refused"), nil
		}, nil)),
		checktest.Skips("one answer only", "answered only once", checktest.AskedFrom(host, func(a *checktest.Asked) { a.Links[1].Relay.Latency = nil }, nil)),
	)
}

// records lets the first replica record that it does not reach the second one.
func records(change func(*check.Case)) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) {
		c.Postgres[0].Coder.Replicas[0].Error = "Failed to dial peers: ping sibling replica coder-1 (http://10.0.0.2:8080): do probe: connection refused"
		if change != nil {
			change(c)
		}
	})
}

func recordedCases(_ *testing.T, c *checktest.Cases) {
	c.About("relay-unreachable",
		checktest.Fires("a replica recorded it", "coder-0 does not reach coder-1: do probe: connection refused", records(nil)),
		checktest.Fires("the second of two", "coder-0 does not reach coder-2: unexpected status code: 400", records(func(c *check.Case) {
			c.Postgres[0].Coder.Replicas[0].Error += ", ping sibling replica coder-2 (http://10.0.0.3:8080): unexpected status code: 400"
			c.Running.Pods[1].Deadline = c.Now.Add(time.Minute)
		})),
		checktest.Skips("nothing is recorded", "no replica recorded", checktest.Runs(nil)),
		checktest.Skips("the peer drains", "no replica recorded", records(func(c *check.Case) { c.Running.Pods[1].Deadline = c.Now.Add(time.Minute) })),
		checktest.Skips("the peer is not ready", "no replica recorded", records(func(c *check.Case) { c.Running.Pods[1].Ready = false })),
		checktest.Skips("the peer ended a moment ago", "no replica recorded", records(func(c *check.Case) { c.Postgres[0].Coder.Replicas[1].Age = time.Minute })),
		checktest.Skips("the peer has just become ready", "just become ready", records(func(c *check.Case) { c.Running.Pods[1].ReadySince = c.Now.Add(-4 * time.Second) })),
		checktest.Skips("nobody told", "told to owners", checktest.Runs(func(c *check.Case) {
			c.Postgres = nil
			c.Lacks(facts.Database, facts.Gap{Reason: "the database was not reached", Proof: "forward its port"})
		})),
		checktest.Fires("coderd told", "coder-0 does not reach coder-1", checktest.Runs(func(c *check.Case) {
			for _, r := range c.Postgres[0].Coder.Replicas {
				c.CoderAPI[0].Replicas = append(c.CoderAPI[0].Replicas, facts.APIReplica{Hostname: r.Hostname, Created: r.StartedAt, RelayAddress: r.RelayAddress})
			}
			c.CoderAPI[0].Replicas[0].Error = "Failed to dial peers: ping sibling replica coder-1 (http://10.0.0.2:8080): do probe: connection refused"
			c.Postgres = nil
		})),
	)
}
