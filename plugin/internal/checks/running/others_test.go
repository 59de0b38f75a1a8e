package running

import (
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// newer lets the second pod run another version since a time.
func newer(since time.Duration) func(*check.Case) {
	return func(c *check.Case) {
		c.CoderAPI[1].Version, c.Postgres[0].Coder.Replicas[1].Version = "v2.39.0", "v2.39.0"
		p := &c.Running.Pods[1]
		p.Created = c.Now.Add(-since)
		p.Started, p.ReadySince = p.Created, p.Created.Add(5*time.Second)
		c.Postgres[0].Coder.Replicas[1].StartedAt = p.Created
	}
}

func versionCases(_ *testing.T, c *checktest.Cases) {
	silent := func(c *check.Case) { c.CoderAPI = nil }
	c.About("replicas-version-skew",
		checktest.Notes("one version", "v2.38.0 on coder-0, coder-1, coder-2", checktest.Runs(nil)),
		checktest.Fires("two for long", "2 versions of Coder for 20m", checktest.Runs(newer(20*time.Minute))),
		checktest.Fires("as the rows say", "2 versions", checktest.Runs(func(c *check.Case) { newer(20 * time.Minute)(c); silent(c) })),
		checktest.Skips("two for a short time", "an update goes on", checktest.Runs(newer(time.Minute))),
		checktest.Passes("the old one drains", checktest.Runs(func(c *check.Case) {
			newer(20 * time.Minute)(c)
			c.Running.Pods[1].Deadline = c.Now.Add(time.Minute)
		})),
		checktest.Skips("nobody says", "which version coder-0 runs is not known", checktest.Runs(func(c *check.Case) {
			silent(c)
			c.Postgres[0].Coder.Replicas = nil
		})),
	)
}

func regionCases(_ *testing.T, c *checktest.Cases) {
	c.About("regions-mixed",
		checktest.Notes("zones of one region", "eu-west-1", checktest.Runs(nil)),
		checktest.Fires("two regions", "2 regions: eu-west-1, us-east-1", checktest.Runs(func(c *check.Case) { c.Running.Nodes[1].Region = "us-east-1" })),
		checktest.Skips("nodes without a region", "without the label", checktest.Runs(func(c *check.Case) {
			for i := range c.Running.Nodes {
				c.Running.Nodes[i].Region = ""
			}
		})),
		checktest.Notes("pods in the places of the replicas", "eu-west-1", checktest.Rehearsed(nil)),
		checktest.Fires("one of them in another region", "2 regions: eu-west-1, us-east-1", checktest.Rehearsed(func(c *check.Case) { c.Places[2].Region = "us-east-1" })),
		checktest.Skips("a user who may not see their nodes", "lacks the verb get on nodes", checktest.Rehearsed(func(c *check.Case) {
			c.Trial.Unplaced = "this user lacks the verb get on nodes"
			c.Lacks(facts.Nodes, facts.Gap{Reason: c.Trial.Unplaced, Proof: "grant it"})
		})),
	)
}

// entitled changes what every replica says of the license.
func entitled(change func(*facts.CoderAPI)) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) {
		for i := range c.CoderAPI {
			change(&c.CoderAPI[i])
		}
	})
}

func licenseCases(_ *testing.T, c *checktest.Cases) {
	none := func(a *facts.CoderAPI) {
		a.Entitlements = &facts.Entitlements{HighAvailability: facts.NotEntitled, Errors: []string{"You have multiple replicas but high availability is an Enterprise feature."}}
		a.Licenses = nil
	}
	ends := func(in time.Duration) func(*checktest.World) {
		return checktest.Runs(func(c *check.Case) {
			for i := range c.CoderAPI {
				c.CoderAPI[i].Licenses[0].Expires = c.Now.Add(in)
			}
		})
	}
	refused := func(status int, message string) func(*facts.CoderAPI) {
		return func(a *facts.CoderAPI) {
			a.Entitlements = nil
			a.Unanswered = []facts.Unanswered{{Path: facts.PathEntitlements, Status: status, Message: message}}
		}
	}
	c.About("license-no-ha",
		checktest.Passes("entitled", checktest.Runs(nil)),
		checktest.Fires("no license", "3 replicas without the entitlement", entitled(none)),
		checktest.Fires("a license without it", "3 replicas without", entitled(func(a *facts.CoderAPI) { a.Entitlements.HighAvailability = facts.NotEntitled })),
		checktest.Notes("the grace period", "license-expiring", entitled(func(a *facts.CoderAPI) { a.Entitlements.HighAvailability = facts.GracePeriod })),
		checktest.Skips("one replica", "one replica", checktest.Runs(func(c *check.Case) {
			c.Running.Workloads[0].Desired, c.Running.Pods, c.CoderAPI = 1, c.Running.Pods[:1], c.CoderAPI[:1]
			none(&c.CoderAPI[0])
		})),
		checktest.Skips("a build without licenses", "no licenses", entitled(refused(404, "status 404"))),
		checktest.Skips("refused", "status 401", entitled(refused(401, "status 401"))),
		checktest.Skips("no answer", "no answer in time", entitled(refused(0, "no answer in time"))),
	)
	c.About("license-expiring",
		checktest.Notes("far away", "until 2027-05-20", checktest.Runs(nil)),
		checktest.Warns("in two weeks", "the license ends in 14 days", ends(14*24*time.Hour)),
		checktest.Passes("a day more than the threshold", ends(31*24*time.Hour)),
		checktest.Warns("the grace period", "has expired", entitled(func(a *facts.CoderAPI) { a.Entitlements.HighAvailability = facts.GracePeriod })),
		checktest.Warns("coderd warns", "Your license expires in 9 days", entitled(func(a *facts.CoderAPI) {
			a.Licenses, a.Entitlements.Warnings = nil, []string{"Your license expires in 9 days."}
		})),
		checktest.Skips("who is no owner is not told", "owners only", entitled(func(a *facts.CoderAPI) { a.Licenses = nil })),
		checktest.Skips("none", "no license", entitled(none)),
	)
}

// section changes a section of the second replica's health.
func section(change func(*facts.HealthSection)) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) { change(&c.CoderAPI[1].Health.Sections[0]) })
}

func healthCases(_ *testing.T, c *checktest.Cases) {
	slow := func(s *facts.HealthSection) {
		s.Severity, s.Messages = "warning", []facts.HealthMessage{{Code: "EDB02", Message: "high database latency"}}
	}
	down := func(cause facts.Cause) func(*checktest.World) {
		return checktest.Runs(func(c *check.Case) {
			c.CoderAPI[1] = facts.CoderAPI{Pod: "coder-1", Healthz: facts.Answer{Failure: &facts.Failure{Cause: cause, Message: "it fails"}}}
		})
	}
	c.About("health",
		checktest.Notes("all", "3 of 3", checktest.Runs(nil)),
		checktest.Warns("one warns", "EDB02: high database latency on coder-1", section(slow)),
		checktest.Fires("one has an error", "does not reach the access URL on coder-1", section(func(s *facts.HealthSection) {
			s.Severity, s.Error = "error", "does not reach the access URL"
		})),
		checktest.Passes("it was dismissed", section(func(s *facts.HealthSection) { slow(s); s.Dismissed = true })),
		checktest.Fires("ready, and a wrong answer", "/healthz does not answer", down(facts.Status)),
		checktest.Skips("not reached", "was not reached", down(facts.Timeout)),
		checktest.Skips("no token", "owners only", checktest.Runs(func(c *check.Case) {
			for i := range c.CoderAPI {
				c.CoderAPI[i].Health = nil
			}
			c.Lacks(facts.OwnerAPI, facts.Gap{Reason: "coderd tells its health to owners only", Proof: "set CODER_SESSION_TOKEN"})
		})),
		checktest.Skips("a token without the right", "status 404", checktest.Runs(func(c *check.Case) {
			c.CoderAPI[1].Health = nil
			c.CoderAPI[1].Unanswered = []facts.Unanswered{{Path: facts.PathHealth, Status: 404, Message: "status 404"}}
		})),
		checktest.Passes("a draining one answers nothing", checktest.Runs(func(c *check.Case) {
			c.Running.Pods[1].Deadline = c.Now.Add(time.Minute)
			c.CoderAPI = append(c.CoderAPI[:1], c.CoderAPI[2])
		})),
	)
}
