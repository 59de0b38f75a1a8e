// Package running declares the checks of a deployment that runs.
package running

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

var area = check.Area{ID: "running", Title: "The running deployment"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(podChecks(), rowChecks(), versionChecks(), regionChecks(), licenseChecks(), healthChecks())
}

// What the checks need, by name.
var (
	pods = []facts.Kind{facts.Replicas, facts.Pods}
	rows = []facts.Kind{facts.Replicas, facts.Pods, facts.Database}
	api  = []facts.Kind{facts.Replicas, facts.Pods, facts.API}
)

// about is the subject of a finding about a pod.
func about(f *check.Case, pod string) check.Subject {
	return check.Subject{Kind: "Pod", Namespace: f.Running.Release.Namespace, Name: pod}
}

// workload is the subject of a finding about all pods.
func workload(f *check.Case) check.Subject {
	w := f.Deployment.Workloads[0]
	return check.Subject{Kind: w.Kind, Namespace: w.Namespace, Name: w.Name}
}
