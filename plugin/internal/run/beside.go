package run

import (
	"context"

	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/source"
)

// askBeside asks the database of a deployment that runs from one pod beside its
// replicas, with the URL of their environment.
func (r Request) askBeside(ctx context.Context, described *source.Description, key digest.Key, into *facts.Facts, progress *progress) {
	if r.InCluster.later {
		into.Lacks(facts.Database, facts.Gap{Reason: "the database is asked once each replica is ready", Proof: "wait longer"})
		return
	}
	guard.Doing("asking the database from the place of a replica")
	one := workloads(described)[:1]
	one[0].Replicas = one[0].Replicas[:1]
	result, gap := r.runPods(ctx, described, key, progress, one)
	switch {
	case gap != nil:
	case len(result.Postgres) > 0:
		into.Postgres = append(into.Postgres, result.Postgres...)
		for i := range into.Deployment.Replicas {
			// All pods of a workload have one environment.
			if replica := &into.Deployment.Replicas[i]; replica.Workload == 0 {
				revealURL(replica, result.URLs[one[0].Replicas[0]])
			}
		}
	default:
		gap = &facts.Gap{Reason: "no pod in the place of a replica asked the database: " + result.NoDatabase, Proof: "let the pod run with the database URL, and run it again"}
	}
	if gap != nil && len(into.Postgres) == 0 {
		into.Lacks(facts.Database, *gap)
	}
}
