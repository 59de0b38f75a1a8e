package checks

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// goodPostgres is what the probe finds on an empty database that suits.
func goodPostgres() *pgfacts.Facts {
	const at = "10.0.0.5:5432"
	ok := func(step pgfacts.Step, took time.Duration) pgfacts.StepResult {
		return pgfacts.StepResult{Step: step, Status: pgfacts.StepOK, Took: took, Address: at}
	}
	return &pgfacts.Facts{
		Target: pgfacts.Target{
			URL: "postgres://coder:***@db.example.com:5432/coder", Origin: "Secret coder/coder-db-url", Host: "db.example.com", Port: 5432,
			User: "coder", Database: "coder", SSLMode: "require", Auth: pgfacts.AuthPassword,
		},
		Steps: []pgfacts.StepResult{
			ok(pgfacts.DNS, time.Millisecond), ok(pgfacts.TCP, time.Millisecond), ok(pgfacts.TLSStep, 2*time.Millisecond),
			ok(pgfacts.Authentication, 3*time.Millisecond), ok(pgfacts.Database, time.Millisecond), ok(pgfacts.Permission, 4*time.Millisecond),
		},
		Addresses: []pgfacts.Address{{Address: at, Took: time.Millisecond}},
		TLS:       &pgfacts.TLS{Version: "TLS 1.3", NotAfter: time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)},
		Server:    &pgfacts.Server{VersionNum: 170010, Version: "17.10", Flavor: pgfacts.Plain, SystemIdentifier: "7", DatabaseOID: "16385"},
		Latency: &pgfacts.Latency{
			Min: time.Millisecond, Median: 2 * time.Millisecond, P95: 3 * time.Millisecond, Samples: make([]time.Duration, 9),
		},
		Clock:    &pgfacts.Clock{Skew: 10 * time.Millisecond, Uncertainty: time.Millisecond},
		Role:     &pgfacts.Role{Name: "coder", Schema: new("public"), SearchPath: "public", CanUse: true, CanCreate: true, AdvisoryLocks: new(true)},
		Capacity: &pgfacts.Capacity{MaxConnections: 100, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1},
		PubSub:   &pgfacts.PubSub{Tried: true, Listening: true, Arrived: true, Took: 2 * time.Millisecond},
		Activity: &pgfacts.Activity{},
		Coder:    &pgfacts.Coder{},
	}
}

// from is an answer as this machine had it.
func from(p *pgfacts.Facts) []facts.Postgres { return []facts.Postgres{{Facts: p}} }

// used is a database that a Coder of this deployment runs on.
func used(f *check.Case) {
	f.Postgres[0].Role.OwnsTables, f.Postgres[0].Role.TableOwner = new(true), "coder"
	f.Postgres[0].Coder = &pgfacts.Coder{Migration: &pgfacts.Migration{Version: 535}, ReplicasRead: true}
	for _, name := range []string{"coder-0", "coder-1", "coder-2"} {
		f.Postgres[0].Coder.Replicas = append(f.Postgres[0].Coder.Replicas, pgfacts.Replica{
			Hostname: name, Primary: true, Age: 3 * time.Second, DatabaseLatency: 900 * time.Microsecond, Version: "v2.35.1",
		})
	}
}

// trial changes one thing of a good world, and says what a check makes of it.
type trial struct {
	name     string
	change   func(*check.Case)
	want     check.Status
	severity check.Severity
	// says is a part of the message, of the reason to skip, or of the note.
	says string
}

func holds(name, note string, change func(*check.Case)) trial {
	return trial{name: name, change: change, want: check.Passed, says: note}
}

func unproven(name, reason string, change func(*check.Case)) trial {
	return trial{name: name, change: change, want: check.Skipped, says: reason}
}

func breaks(name, message string, change func(*check.Case)) trial {
	return trial{name: name, change: change, want: check.Failed, severity: check.Error, says: message}
}

func hurts(name, message string, change func(*check.Case)) trial {
	return trial{name: name, change: change, want: check.Failed, severity: check.Warning, says: message}
}

// tryPostgres tries one check on changed worlds.
func tryPostgres(t *testing.T, id string, trials ...trial) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		for _, c := range trials {
			t.Run(c.name, func(t *testing.T) {
				f := newWorld().facts(t)
				f.Postgres = from(goodPostgres())
				if c.change != nil {
					c.change(f)
				}
				got := outcome(t, id, f)
				require.Equal(t, c.want, got.Status, "%+v", got)
				switch c.want {
				case check.Failed:
					worst, _ := got.Worst()
					assert.Equal(t, c.severity, worst)
					assert.Contains(t, got.Findings[0].Message, c.says)
					for _, found := range got.Findings {
						assert.NotEmpty(t, found.Observed)
						assert.NotEmpty(t, found.Expected)
						assert.NotEmpty(t, found.Remedy)
						assert.NotContains(t, found.Remedy, "%!")
						assert.Equal(t, "Postgres", found.Subject.Kind)
					}
				case check.Skipped:
					assert.Contains(t, got.Skip.Reason, c.says)
				default:
					assert.Contains(t, got.Note, c.says)
				}
			})
		}
	})
}

func outcome(t *testing.T, id string, f *check.Case) check.Outcome {
	t.Helper()
	for _, o := range check.Judge(postgresServerSideChecks(), f, nil) {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("no check has the id %s", id)
	return check.Outcome{}
}

func TestAGoodDatabaseFailsNoCheck(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*check.Case){"empty": func(*check.Case) {}, "used": used} {
		f := newWorld().facts(t)
		f.Postgres = from(goodPostgres())
		change(f)
		for _, o := range check.Judge(postgresServerSideChecks(), f, nil) {
			assert.NotEqual(t, check.Failed, o.Status, "%s: %s %+v", name, o.ID, o.Findings)
		}
	}
}

func TestWithoutAServerEveryCheckSaysWhatWouldProveIt(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*check.Case){
		"nobody asked": func(f *check.Case) { f.Postgres = nil },
		"not possible": func(f *check.Case) {
			f.Postgres = nil
			f.Lacks(facts.Database, facts.Gap{Reason: "no URL", Proof: "give one"})
		},
		"interrupted":   func(f *check.Case) { f.Postgres = from(&pgfacts.Facts{Interrupted: true}) },
		"no deployment": func(f *check.Case) { f.Deployment, f.Postgres = nil, nil },
	} {
		f := newWorld().facts(t)
		f.Postgres = from(goodPostgres())
		change(f)
		for _, o := range check.Judge(postgresServerSideChecks(), f, nil) {
			assert.True(t, o.Unproven(), "%s: %s %+v", name, o.ID, o)
		}
	}
}

func TestAFailureToConnectIsOneFinding(t *testing.T) {
	t.Parallel()
	f := newWorld().facts(t)
	f.Postgres = from(&pgfacts.Facts{
		FailedStep: pgfacts.TCP,
		Steps:      []pgfacts.StepResult{{Step: pgfacts.TCP, Status: pgfacts.StepFailed, Message: "connection refused"}},
	})
	for _, o := range check.Judge(postgresServerSideChecks(), f, nil) {
		if o.ID == "postgres-unreachable" {
			assert.Equal(t, check.Failed, o.Status)
		} else {
			assert.True(t, o.Unproven(), o.ID)
		}
	}
}

func TestPostgresChecksJudgeWithoutADeployment(t *testing.T) {
	t.Parallel()
	f := &check.Case{
		Facts:    &facts.Facts{Now: newWorld().now, Postgres: from(goodPostgres())},
		Settings: check.Settings{Limits: check.DefaultLimits(), Plan: check.Plan{Replicas: 3, Version: coder.ParseVersion("2.35.1")}},
	}
	used(f)
	for _, o := range check.Judge(postgresServerSideChecks(), f, nil) {
		assert.NotEqual(t, check.Failed, o.Status, "%s %+v", o.ID, o.Findings)
	}
}
