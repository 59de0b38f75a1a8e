package access

import (
	"fmt"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// serviceChecks judge the Services that lead users to the replicas.
func serviceChecks() []check.Check {
	return []check.Check{
		{
			ID: "service-selects-others", Area: area, Severity: check.Error, Needs: judgment.Described(facts.Services),
			Title:   "Services that lead to coderd select nothing else of the input",
			Why:     "A Service sends a share of the users to whatever it selects: to a workspace proxy or another release, where their requests fail.",
			Example: "a Service that selects app.kubernetes.io/name: coder alone, which a workspace proxy in the namespace has too",
			Remedy:  "Add a label to the selector that only the pods of this deployment have, such as app.kubernetes.io/instance.",
			Judge:   judgeOthers,
		},
		{
			ID: "service-affinity-aws", Area: area, Severity: check.Error, Needs: judgment.Described(facts.Services),
			Title:   "no Service asks Kubernetes' own provider for AWS for session affinity",
			Why:     "The provider makes no load balancer for a Service with sessionAffinity: ClientIP: \"unsupported load balancer affinity\". Coder needs no affinity.",
			Example: "a Service of type LoadBalancer with sessionAffinity: ClientIP and annotations for AWS",
			Remedy:  "Set sessionAffinity: None (coder.service.sessionAffinity in the chart).",
			Judge:   judgeAffinity,
		},
	}
}

func judgeOthers(c *check.Case) check.Result {
	var j judgment.Judgment
	d := c.Deployment
	for _, s := range d.Services {
		if s.Headless {
			j.Skip("the Services of coderd are headless")
			continue
		}
		r := d.Replicas[s.Selects[0]]
		found := false
		for _, other := range s.Others {
			if at := slices.IndexFunc(other.Ports, func(port int) bool { return leadsToCoder(d, r, s, port) }); at >= 0 {
				found = true
				j.Find(check.Finding{
					Message: fmt.Sprintf("Service %s sends users to %s too", s.Name, other.What), Subject: judgment.Subject(s.Origin),
					Observed: fmt.Sprintf("port %d of the Service leads to the pods of %s", other.Ports[at], other.What), Expected: "a selector that matches the replicas only",
				})
			}
		}
		if !found {
			j.Good()
		}
	}
	if len(d.Services) == 0 {
		j.Skip("no Service of the input selects replicas")
	}
	return j.Result()
}

// leadsToCoder says whether a port of a Service leads to a port that coderd listens
// on.
func leadsToCoder(d *deployment.Deployment, r deployment.Replica, s deployment.Service, port int) bool {
	target, _ := s.Target(port, d.Workloads[r.Workload].Pod)
	return slices.ContainsFunc([]string{coder.HTTPAddress, coder.TLSAddress}, func(variable string) bool {
		_, listens, ok := deployment.SplitAddress(r.Address(variable).Text)
		return ok && listens == target
	})
}

func judgeAffinity(c *check.Case) check.Result {
	var j judgment.Judgment
	for _, s := range c.Deployment.Services {
		if !s.AWS {
			j.Skip("no Service is for Kubernetes' own provider for AWS")
			continue
		}
		if !s.ClientIP {
			j.Good()
			continue
		}
		j.Find(check.Finding{
			Message: "AWS makes no load balancer for Service " + s.Name, Subject: judgment.Subject(s.Origin),
			Observed: "sessionAffinity: ClientIP with annotations for AWS", Expected: "sessionAffinity: None",
		})
	}
	if len(c.Deployment.Services) == 0 {
		j.Skip("no Service of the input selects replicas")
	}
	return j.Result()
}
