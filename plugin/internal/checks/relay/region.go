package relay

import (
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// regionChecks judge whether all replicas are of one DERP region.
func regionChecks() []check.Check {
	return []check.Check{{
		ID: "relay-region-mismatch", Area: area, Severity: check.Error, Needs: judgment.Replicas, Uses: []facts.Kind{facts.Database},
		Title:   "all replicas have the same DERP region ID",
		Why:     "Replicas ping and mesh only with peers of their own region.",
		Example: "CODER_DERP_SERVER_REGION_ID=999 on coder-1 and 998 on coder-2",
		Remedy:  "Set CODER_DERP_SERVER_REGION_ID to the same number on all replicas, or remove it everywhere.",
		Judge:   judgeRegion,
	}}
}

// defaultRegion is that of coderd (coder/coder codersdk/deployment.go).
const defaultRegion = "999"

func judgeRegion(f *check.Case) check.Result {
	d := f.Deployment
	if !d.Several() {
		return check.NotApplicable(judgment.OneReplica)
	}
	var j judgment.Judgment
	first := deployment.Value{}
	for i, r := range d.Replicas {
		region := r.Env(coder.DERPRegionID).Or(defaultRegion)
		switch {
		case !r.EmbeddedRelay():
			j.Skip("the embedded relay is off")
		case region.State == deployment.Unknown:
			j.Unknown(coder.DERPRegionID, region)
		case i > 0 && first.Set() && region.Text != first.Text:
			j.Find(check.Finding{
				Message: fmt.Sprintf("replicas %s and %s are in different DERP regions", d.Replicas[0].Name, r.Name), Subject: judgment.Of(d, r, region),
				Observed: fmt.Sprintf("%s and %s", first, region), Expected: "one region ID on all replicas",
			})
			return j.Result()
		default:
			j.Good()
			if i == 0 {
				first = region
			}
		}
	}
	for _, p := range f.Postgres {
		if p.Coder != nil {
			judgeRegionRows(&j, p.Coder.Replicas)
		}
	}
	return j.Result()
}

// judgeRegionRows compares the replicas that run now.
func judgeRegionRows(j *judgment.Judgment, rows []pgfacts.ReplicaRow) {
	var first *pgfacts.ReplicaRow
	for _, row := range rows {
		switch {
		case !row.Alive():
		case first == nil:
			first = &row
		case row.RegionID != first.RegionID:
			j.Find(check.Finding{
				Message: fmt.Sprintf("replicas %s and %s run now in different DERP regions", first.Hostname, row.Hostname), Subject: check.Subject{Kind: "replica", Name: row.Hostname},
				Observed: fmt.Sprintf("%d and %d", first.RegionID, row.RegionID), Expected: "one region ID on all replicas",
			})
			return
		}
	}
}
