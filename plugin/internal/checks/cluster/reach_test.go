package cluster

import (
	"slices"
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// portFails lets port 6222 of the second host fail.
func portFails(from facts.Position, cause facts.Cause, message string) func(*checktest.World) {
	return checktest.AskedFrom(from, func(a *checktest.Asked) { a.Links[1].Cluster = checktest.Failed(cause, message) }, nil)
}

func reachCases(_ *testing.T, c *checktest.Cases) {
	const here, host = facts.ThisMachine, facts.Position("coder-1")
	c.About("cluster-port-unreachable",
		checktest.Skips("pods do not run yet", "only replicas that run", nil),
		checktest.Notes("pods in the places of the replicas", "6 of 6, from 3 replicas", checktest.Rehearsed(nil)),
		checktest.Fires("a closed port between pods", "port 6222 of coder-1: no answer within 3.0 s, from replica coder-0", checktest.Rehearsed(func(f *check.Case) {
			f.Mesh[0].Cluster = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
		})),
		checktest.Skips("no pod in the place of one", "no pod answers in the place of coder-2", checktest.Rehearsed(func(f *check.Case) {
			f.Mesh = slices.DeleteFunc(f.Mesh, func(l facts.Link) bool { return l.To == "coder-2" || l.From == "coder-2" })
			f.Trial.Absent = []facts.Absence{{Replica: "coder-2", Reason: "no pod answers in the place of coder-2: no node takes it", Proof: "let it run"}}
		})),
		checktest.Skips("hosts that were not asked", "were not asked", checktest.OnHosts(nil)),
		checktest.Notes("open", "3 of 3, from replica coder-1", checktest.AskedFrom(host, nil, nil)),
		checktest.Fires("refused", "port 6222 of coder-2: connection refused", portFails(here, facts.Refused, "connection refused")),
		checktest.Fires("a timeout between hosts", "no answer", portFails(host, facts.Timeout, "no answer within 3.0 s")),
		checktest.Skips("a timeout from elsewhere", "none of the hosts", portFails(here, facts.Timeout, "no answer within 3.0 s")),
		checktest.Skips("a version without NATS", "nats_pubsub", checktest.AskedFrom(host, func(a *checktest.Asked) {
			for i := range a.Links {
				a.Links[i].Cluster = nil
			}
		}, func(h *checktest.HostFiles) { h.Version = "2.37" })),
		checktest.Skips("a version without NATS, not asked", "nats_pubsub", checktest.OnHosts(func(h *checktest.HostFiles) { h.Version = "2.37" })),
		checktest.Skips("refused, and the version is not known", "only some versions", checktest.AskedFrom(here, func(a *checktest.Asked) {
			a.Links[1].Cluster = checktest.Failed(facts.Refused, "connection refused")
		}, func(h *checktest.HostFiles) { h.Version = "" })),
		checktest.Skips("loopback, where this machine answered", "cluster-host-shared", checktest.AskedFrom(here, func(a *checktest.Asked) {
			for i := range a.Links {
				a.Links[i].Cluster = checktest.Failed(facts.Refused, "connection refused")
			}
		}, func(h *checktest.HostFiles) { h.AddAll("CODER_CLUSTER_HOST=127.0.0.1") })),
		checktest.Skips("one host", "one replica", checktest.AskedFrom(host, nil, func(h *checktest.HostFiles) { h.Names = h.Names[:1] })),
	)
}
