package policies

import (
	"maps"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// Blocking are the names of the NetworkPolicies that a way between two pods of one
// workload ends at, by their labels: they select one of the pods, and none of them
// allows the port. It is empty where the way is open, and for pods that no
// NetworkPolicy is for.
func Blocking(d *deployment.Deployment, from, to deployment.Replica, port int, all []deployment.Policy) []string {
	if pod := d.Workloads[to.Workload].Pod; pod == nil || pod.HostNetwork || from.Workload != to.Workload {
		return nil
	}
	from, to = inItsPlace(from), inItsPlace(to)
	n := Need{Port: port, Protocol: TCP, Peer: true}
	in, inOpen := selecting(d, to, all, func(p deployment.Policy) (bool, []deployment.PolicyRule) { return p.RestrictsIngress, p.Ingress }, func(rule deployment.PolicyRule) bool {
		return Allows(d, from, n, rule)
	})
	out, outOpen := selecting(d, from, all, func(p deployment.Policy) (bool, []deployment.PolicyRule) { return p.RestrictsEgress, p.Egress }, func(rule deployment.PolicyRule) bool {
		return Allows(d, to, n, rule)
	})
	var names []string
	if !inOpen {
		names = append(names, in...)
	}
	if !outOpen {
		names = append(names, out...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Selects says whether any of the policies selects the pods of a replica.
func Selects(d *deployment.Deployment, r deployment.Replica, all []deployment.Policy) bool {
	r = inItsPlace(r)
	return slices.ContainsFunc(all, func(p deployment.Policy) bool { return selects(d, r, p) })
}

func selects(d *deployment.Deployment, r deployment.Replica, p deployment.Policy) bool {
	return p.Namespace == d.Workloads[r.Workload].Namespace && p.Pods.Matches(r.Labels)
}

// selecting are the policies that restrict a direction of a pod, and whether the way is
// open, which it is without any.
func selecting(d *deployment.Deployment, r deployment.Replica, all []deployment.Policy, direction func(deployment.Policy) (bool, []deployment.PolicyRule), allows func(deployment.PolicyRule) bool) (names []string, open bool) {
	open = true
	for _, p := range all {
		restricts, rules := direction(p)
		if !restricts || !selects(d, r, p) {
			continue
		}
		if len(names) == 0 {
			open = false
		}
		names = append(names, p.Name)
		open = open || slices.ContainsFunc(rules, allows)
	}
	return names, open
}

// inItsPlace is a replica with the labels of a pod in its place: those that a
// controller gives to each of its pods are missing.
func inItsPlace(r deployment.Replica) deployment.Replica {
	r.Labels = maps.Clone(r.Labels)
	maps.DeleteFunc(r.Labels, func(key, _ string) bool {
		return strings.HasPrefix(key, "statefulset.kubernetes.io/") || strings.HasPrefix(key, "apps.kubernetes.io/") || key == "controller-revision-hash" || key == "pod-template-hash"
	})
	return r
}
