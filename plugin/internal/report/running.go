package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// Running is what runs: each pod joined with what the database and coderd itself say
// of it. What is not known is absent.
type Running struct {
	Release  Release `json:"release"`
	Desired  int     `json:"desired"`
	Ready    int     `json:"ready"`
	Draining int     `json:"draining"`
	// Settled says that each pod has the newest form of its workload and is ready.
	Settled bool      `json:"settled"`
	Pods    []RunPod  `json:"pods"`
	Rows    *RunRows  `json:"rows,omitempty"`
	Schema  *Schema   `json:"schema,omitempty"`
	License *License  `json:"license,omitempty"`
	Service []Service `json:"services"`
	Budgets []Budget  `json:"budgets"`
	Events  []Event   `json:"events"`
	// Unread is what could not be read, and why.
	Unread []Unread `json:"unread"`
}

// Unread is a kind of evidence that could not be read.
type Unread struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
	Proof  string `json:"proof"`
}

// Release is what Helm says of the release.
type Release struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Chart     string `json:"chart,omitempty"`
	Revision  int    `json:"revision,omitempty"`
	Status    string `json:"status,omitempty"`
}

// RunPod is one pod.
type RunPod struct {
	Name string `json:"name"`
	// State is ready, starting, not ready, draining, not gone, in trouble or ended.
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	Node   string `json:"node"`
	Zone   string `json:"zone,omitempty"`
	Region string `json:"region,omitempty"`
	IP     string `json:"ip"`
	// Age is in seconds.
	Age      int    `json:"ageSeconds"`
	Restarts int    `json:"restarts"`
	Image    string `json:"image"`
	Version  string `json:"version,omitempty"`
	Row      *Row   `json:"row,omitempty"`
	// Health is what coderd says of itself: ok, warning or error, with its codes.
	Health      string   `json:"health,omitempty"`
	HealthCodes []string `json:"healthCodes,omitempty"`
}

// Row is a row of the table replicas.
type Row struct {
	Hostname string `json:"hostname"`
	// State is live, stale or stopped.
	State   string `json:"state"`
	Version string `json:"version"`
	// Age is how many seconds ago it was updated.
	Age             float64 `json:"ageSeconds"`
	DatabaseLatency float64 `json:"databaseLatencyMs"`
	// Error is what the replica recorded about its peers.
	Error string `json:"error"`
}

// RunRows are counts of the rows of coderd, and those that belong to no pod.
type RunRows struct {
	Live    int   `json:"live"`
	Stale   int   `json:"stale"`
	Foreign []Row `json:"foreign"`
}

// Schema is the last migration of the database, and what the image brings.
type Schema struct {
	Migration int  `json:"migration"`
	Dirty     bool `json:"dirty"`
	// Image is the last migration of the image's version, 0 where it is not known.
	Image int `json:"image"`
}

// License is what the deployment is entitled to.
type License struct {
	HighAvailability string `json:"highAvailability"`
	HasLicense       bool   `json:"hasLicense"`
}

// Service is what is behind a Service.
type Service struct {
	Name     string   `json:"name"`
	Ready    []string `json:"ready"`
	NotReady []string `json:"notReady"`
}

// Budget is what a disruption budget allows now.
type Budget struct {
	Name    string `json:"name"`
	Allowed int    `json:"allowed"`
	Healthy int    `json:"healthy"`
	Pods    int    `json:"pods"`
}

// Event is a warning of Kubernetes.
type Event struct {
	Object  string `json:"object"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Count   int    `json:"count"`
	Age     int    `json:"ageSeconds"`
}

// recentEvent is how old an event may be to be shown: Kubernetes keeps them for an
// hour.
const recentEvent = 15 * time.Minute

// describeRunning is what runs, as reports show it; nil where nothing was asked.
func describeRunning(c *check.Case) *Running {
	r := c.Running
	if r == nil {
		return nil
	}
	out := &Running{
		Release: Release(r.Release), Desired: r.Desired(), Settled: len(r.Workloads) > 0,
		Pods: []RunPod{}, Service: []Service{}, Budgets: []Budget{}, Events: []Event{}, Unread: []Unread{}, Schema: describeSchema(c),
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Gaps)) {
		if gap := c.Gaps[kind]; gap.Proof != "" {
			out.Unread = append(out.Unread, Unread{What: string(kind), Reason: gap.Reason, Proof: gap.Proof})
		}
	}
	for _, w := range r.Workloads {
		out.Settled = out.Settled && w.Settled
	}
	for _, pod := range r.Pods {
		switch pod.StateAt(c.Now) {
		case facts.Ready:
			out.Ready++
		case facts.Draining, facts.Overdue:
			out.Draining++
		default:
		}
		out.Pods = append(out.Pods, describePod(c, pod))
	}
	describeRows(c, out)
	for _, a := range c.CoderAPI {
		if a.Entitlements != nil {
			out.License = &License{HighAvailability: a.Entitlements.HighAvailability, HasLicense: a.Entitlements.HasLicense}
			break
		}
	}
	for _, e := range r.Endpoints {
		out.Service = append(out.Service, Service{Name: e.Service, Ready: append([]string{}, e.Ready...), NotReady: append([]string{}, e.NotReady...)})
	}
	for _, b := range r.Budgets {
		out.Budgets = append(out.Budgets, Budget(b))
	}
	for _, e := range r.Events {
		if age := c.Now.Sub(e.Last); age < recentEvent && !overcome(r, e) {
			out.Events = append(out.Events, Event{Object: e.Object, Reason: e.Reason, Message: e.Message, Count: e.Count, Age: seconds(age)})
		}
	}
	return out
}

// overcome says that the pod of an event has become ready since.
func overcome(r *facts.Running, e facts.Event) bool {
	pod := r.PodNamed(strings.TrimPrefix(e.Object, "Pod "))
	return pod != nil && pod.Ready && pod.ReadySince.After(e.Last)
}

func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }

// describePod joins a pod with its node, its row and what it answers.
func describePod(c *check.Case, pod facts.Pod) RunPod {
	out := RunPod{
		Name: pod.Name, State: string(pod.StateAt(c.Now)), Reason: pod.Trouble, Node: pod.Node, IP: pod.IP,
		Age: seconds(c.Now.Sub(pod.Created)), Restarts: pod.Restarts, Image: pod.Image,
	}
	if node := c.Running.NodeOf(pod); node != nil {
		out.Zone, out.Region = node.Zone, node.Region
		switch {
		case node.Gone:
			out.Reason = "its node is gone"
		case !node.Ready:
			out.Reason = "its node is not ready"
		}
	}
	if row := c.RowOf(pod); row != nil {
		described := describeRow(*row)
		out.Row = &described
		if row.Alive() {
			out.Version = row.Version
		}
	}
	answer := c.APIOf(pod.Name)
	switch {
	case answer == nil:
	case answer.Healthz.Failure != nil:
		out.Health = "no answer"
	default:
		if answer.Version != "" {
			out.Version = answer.Version
		}
		describeHealth(&out, answer.Health)
	}
	return out
}

// describeHealth is what is left of the health when what was dismissed is left out.
func describeHealth(out *RunPod, h *facts.Health) {
	if h == nil {
		return
	}
	out.Health = "ok"
	for _, s := range h.Sections {
		if s.Dismissed || s.Severity == "ok" {
			continue
		}
		if out.Health != "error" && (s.Severity == "error" || s.Severity == "warning") {
			out.Health = s.Severity
		}
		for _, m := range s.Messages {
			out.HealthCodes = append(out.HealthCodes, m.Code)
		}
	}
}

func describeRow(row pgfacts.ReplicaRow) Row {
	state := "stopped"
	switch {
	case row.Alive():
		state = "live"
	case row.Stale():
		state = "stale"
	}
	return Row{
		Hostname: row.Hostname, State: state, Version: row.Version, Age: row.Age.Round(time.Millisecond).Seconds(),
		DatabaseLatency: milliseconds(row.DatabaseLatency), Error: row.Error,
	}
}

// describeRows counts the rows of coderd; those that stopped are history.
func describeRows(c *check.Case, out *Running) {
	rows, ok := c.ToldRows()
	if !ok {
		return
	}
	out.Rows = &RunRows{Foreign: []Row{}}
	for _, row := range rows {
		switch {
		case row.Alive():
			out.Rows.Live++
			if c.PodOf(row) == nil {
				out.Rows.Foreign = append(out.Rows.Foreign, describeRow(row))
			}
		case row.Stale():
			out.Rows.Stale++
		}
	}
}

func describeSchema(c *check.Case) *Schema {
	for _, p := range c.Postgres {
		if p.Coder == nil || p.Coder.Migration == nil {
			continue
		}
		out := &Schema{Migration: p.Coder.Migration.Version, Dirty: p.Coder.Migration.Dirty}
		if known, ok := coder.MigrationsOf(c.Deployment.Version); ok {
			out.Image = known.Last
		}
		return out
	}
	return nil
}
