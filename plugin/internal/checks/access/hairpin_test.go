package access

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// accessFails lets the access URL fail.
func accessFails(from facts.Position, cause facts.Cause, status int, message string) func(*checktest.World) {
	return checktest.AskedFrom(from, func(a *checktest.Asked) {
		a.Access = checktest.Failed(cause, message)
		a.Access.Failure.Status = status
	}, nil)
}

func hairpinCases(_ *testing.T, c *checktest.Cases) {
	const here, host = facts.ThisMachine, facts.Position("coder-1")
	c.About("access-url-hairpin",
		checktest.Skips("pods do not run yet", "only replicas that run", nil),
		checktest.Notes("it answers every pod", "from 3 replicas", checktest.Rehearsed(nil)),
		checktest.Skips("before the install", "no replica runs yet that could answer at the access URL: status 503", checktest.Rehearsed(func(f *check.Case) {
			f.Trial.Running = 0
			f.Places[0].Access = checktest.Failed(facts.Status, "status 503")
		})),
		checktest.Fires("beside replicas that run", "the access URL: no answer within 3.0 s, from replica coder-1", checktest.Rehearsed(func(f *check.Case) {
			f.Places[1].Access = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
		})),
		checktest.Skips("an authority that only coderd's image may know", "of an authority that the image of agents does not know", checktest.Rehearsed(func(f *check.Case) {
			f.Trial.AgentImage = true
			f.Places[1].Access = checktest.Failed(facts.TLS, "x509: certificate signed by unknown authority")
			f.Places[1].Access.Failure.UnknownAuthority = true
		})),
		checktest.Fires("an authority that coderd's image does not know", "x509: certificate signed by unknown authority", checktest.Rehearsed(func(f *check.Case) {
			f.Places[1].Access = checktest.Failed(facts.TLS, "x509: certificate signed by unknown authority")
			f.Places[1].Access.Failure.UnknownAuthority = true
		})),
		checktest.Skips("hosts that were not asked", "were not asked", checktest.OnHosts(nil)),
		checktest.Notes("it answers a host", "from replica coder-1, 1.0 ms", checktest.AskedFrom(host, nil, nil)),
		checktest.Skips("it answers another machine", "none of the hosts, where the access URL answers", checktest.AskedFrom(here, nil, nil)),
		checktest.Skips("not even another machine", "none of the hosts, where the access URL does not answer", accessFails(here, facts.Refused, 0, "connection refused")),
		checktest.Fires("no answer", "the access URL: no answer within 3.0 s, from replica coder-1", accessFails(host, facts.Timeout, 0, "no answer within 3.0 s")),
		checktest.Fires("bad gateway", "status 502", accessFails(host, facts.Status, 502, "status 502")),
		checktest.Skips("a redirect", "is not followed", accessFails(host, facts.Status, 308, "status 308")),
	)
}
