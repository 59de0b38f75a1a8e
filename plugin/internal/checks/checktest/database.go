package checktest

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// GoodDatabase is what the probe finds on an empty database that suits.
func GoodDatabase() *pgfacts.Facts {
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

// From is an answer as this machine had it.
func From(p *pgfacts.Facts) []facts.Postgres { return []facts.Postgres{{Facts: p}} }

// Used makes the database one that a Coder of this deployment runs on.
func (w *World) Used() {
	db := w.Database()
	db.Role.OwnsTables, db.Role.TableOwner = new(true), "coder"
	db.Coder = &pgfacts.Coder{Migration: &pgfacts.Migration{Version: 535}, ReplicasRead: true}
	for _, name := range []string{"coder-0", "coder-1", "coder-2"} {
		db.Coder.Replicas = append(db.Coder.Replicas, pgfacts.ReplicaRow{
			Hostname: name, Primary: true, Age: 3 * time.Second, DatabaseLatency: 900 * time.Microsecond, Version: "v2.35.1",
		})
	}
}
