package checks

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/cluster"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/relay"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/relaytls"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

func TestARightDeploymentFailsNoCheck(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"StatefulSet", "Deployment"} {
		for name, change := range map[string]func(*checktest.World){
			"an empty database": func(*checktest.World) {},
			"a used database":   func(w *checktest.World) { w.Used(); w.Version("v2.35.1") },
			"no description":    func(w *checktest.World) { w.Undescribed(3, "2.35.1") },
			"hosts":             checktest.OnHosts(nil),
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				w := checktest.NewWorld()
				w.Workload.Kind = kind
				change(w)
				checktest.AllQuiet(t, All(), w)
			})
		}
	}
}

func TestWhereNothingIsKnownNothingPasses(t *testing.T) {
	t.Parallel()
	for _, o := range check.Judge(All(), &check.Case{Facts: &facts.Facts{}, Settings: check.DefaultSettings()}, nil) {
		assert.True(t, o.Unproven(), "%s %+v", o.ID, o)
	}
}

func TestWithoutAServerEveryCheckOfItSaysWhatWouldProveIt(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*check.Case){
		"nobody asked": func(c *check.Case) { c.Postgres = nil },
		"not possible": func(c *check.Case) {
			c.Postgres = nil
			c.Lacks(facts.Database, facts.Gap{Reason: "no URL", Proof: "give one"})
		},
		"interrupted": func(c *check.Case) { c.Postgres = checktest.From(&pgfacts.Facts{Interrupted: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := checktest.NewWorld()
			checktest.Runs(nil)(w)
			w.Then = append(w.Then, change)
			for _, o := range check.Judge(ofServer(), w.Case(t), nil) {
				assert.True(t, o.Unproven(), "%s %+v", o.ID, o)
			}
		})
	}
}

func TestAFailureToConnectIsOneFinding(t *testing.T) {
	t.Parallel()
	w := checktest.NewWorld()
	checktest.Runs(nil)(w)
	w.Then = append(w.Then, func(c *check.Case) {
		c.Postgres = checktest.From(&pgfacts.Facts{
			FailedStep: pgfacts.TCP,
			Steps:      []pgfacts.StepResult{{Step: pgfacts.TCP, Status: pgfacts.StepFailed, Message: "connection refused"}},
		})
	})
	for _, o := range check.Judge(ofServer(), w.Case(t), nil) {
		if o.ID == "postgres-unreachable" {
			assert.Equal(t, check.Failed, o.Status)
		} else {
			assert.True(t, o.Unproven(), o.ID)
		}
	}
}

func TestASkipNamesOnlyChecksThatThereAre(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{"": true}
	for _, c := range All() {
		ids[c.ID] = true
	}
	w := checktest.NewWorld()
	checktest.RelayIs("http://[::1")(w)
	w.Set("CODER_ACCESS_URL", "ftp://coder.example.com")
	w.Set("CODER_HTTP_ADDRESS", "8080")
	w.Database().Server.Flavor = pgfacts.CockroachDB
	for _, o := range check.Judge(All(), w.Case(t), nil) {
		assert.True(t, ids[o.Skip.See], "%s sees %q", o.ID, o.Skip.See)
	}
}

// concernsOne are the checks of relays and pubsub that judge what one replica has
// or does alone: whether it starts, and what workspaces reach.
var concernsOne = []string{
	"relay-url-invalid", "relay-url-ipv6-brackets", "relay-env-overridden", "relay-none", "relay-config-conflict",
	"tls-files-mismatch", "tls-expiry", "cluster-host-malformed", "network-policy-blocks-replicas",
}

func TestNothingAboutPeersAppliesToOneReplica(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*checktest.World){
		"of its own": func(*checktest.World) {},
		"with what would break a mesh": func(w *checktest.World) {
			checktest.RelayIs("http://localhost:3000/x")(w)
			w.Set("CODER_CLUSTER_HOST", "coder")
		},
		"over TLS":            checktest.HTTPSRelay,
		"with custom relays":  checktest.CustomRelays,
		"without a relay URL": func(w *checktest.World) { w.Unset("CODER_DERP_SERVER_RELAY_URL") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := checktest.NewWorld()
			w.Replicas(1)
			change(w)
			for _, o := range check.Judge(slices.Concat(relay.Checks(), relaytls.Checks(), cluster.Checks()), w.Case(t), nil) {
				if slices.Contains(concernsOne, o.ID) {
					continue
				}
				assert.Equal(t, check.Skipped, o.Status, "%s %+v", o.ID, o)
				assert.Equal(t, judgment.OneReplica, o.Skip.Reason, o.ID)
				assert.False(t, o.Unproven(), o.ID)
			}
		})
	}
}

// ofServer are the checks that need the answer of a server.
func ofServer() []check.Check {
	var out []check.Check
	for _, c := range All() {
		for _, need := range c.Needs {
			if need == facts.Database && c.ID != "postgres-same-endpoint" {
				out = append(out, c)
			}
		}
	}
	return out
}
