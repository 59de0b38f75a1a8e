package running

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

func regionChecks() []check.Check {
	return []check.Check{{
		ID: "regions-mixed", Area: area, Severity: check.Error, Needs: []facts.Kind{facts.Replicas, facts.Nodes}, Uses: []facts.Kind{facts.Pods},
		Title:   "all replicas are on nodes of one region",
		Why:     "Each request of coderd asks the database many times, and replicas talk to each other all the time: over the distance between regions everything is slow.",
		Example: "coder-0 is in eu-west-1, and coder-1 in us-east-1",
		Remedy:  "Keep the replicas in one region with coder.nodeSelector {topology.kubernetes.io/region: REGION}. For users in other regions, add workspace proxies.",
		Judge:   judgeRegions,
	}}
}

// onNode is a replica, or a pod in its place, and the region of its node.
type onNode struct{ replica, region string }

func judgeRegions(f *check.Case) check.Result {
	var all []onNode
	if f.Placed() {
		for _, p := range f.Places {
			all = append(all, onNode{string(p.Position), p.Region})
		}
	} else if gap, missing := f.Missing(facts.Pods); missing {
		return check.Result{Skip: &check.Skip{Reason: gap.Reason, Proof: gap.Proof}}
	}
	if f.Running != nil {
		for _, pod := range f.Running.Pods {
			if node := f.Running.NodeOf(pod); node != nil && !node.Gone && pod.StateAt(f.Now) != facts.Ended {
				all = append(all, onNode{pod.Name, node.Region})
			}
		}
	}
	byRegion := map[string][]string{}
	unlabeled := 0
	for _, one := range all {
		if one.region == "" {
			unlabeled++
			continue
		}
		byRegion[one.region] = append(byRegion[one.region], one.replica)
	}
	regions := slices.Sorted(maps.Keys(byRegion))
	switch {
	case len(regions) > 1:
		var observed []string
		for _, region := range regions {
			observed = append(observed, fmt.Sprintf("%s in %s", strings.Join(byRegion[region], ", "), region))
		}
		return check.Fail(check.Finding{
			Message: fmt.Sprintf("the replicas are in %d regions: %s", len(regions), strings.Join(regions, ", ")), Subject: workload(f),
			Observed: strings.Join(observed, "; "), Expected: "one region",
		})
	case unlabeled > 0:
		// Clusters outside of clouds have no regions.
		return check.NotApplicable("nodes without the label topology.kubernetes.io/region")
	case len(regions) == 0:
		return check.NotApplicable("no replica is on a node")
	}
	return check.PassNote(regions[0])
}
