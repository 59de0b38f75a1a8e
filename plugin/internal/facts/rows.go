package facts

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// Rows are those of the table replicas, in the first database that told; ok is false
// where none did.
func (f *Facts) Rows() (rows []pgfacts.ReplicaRow, ok bool) {
	for _, p := range f.Postgres {
		if p.Coder != nil && p.Coder.ReplicasRead {
			return p.Coder.Replicas, true
		}
	}
	return nil, false
}

// ToldRows are Rows, or where no database told, what coderd itself tells of them: live
// ones only, without their version and their age.
func (f *Facts) ToldRows() (rows []pgfacts.ReplicaRow, ok bool) {
	if rows, ok = f.Rows(); ok {
		return rows, ok
	}
	for _, a := range f.CoderAPI {
		if len(a.Replicas) == 0 {
			continue
		}
		for _, r := range a.Replicas {
			rows = append(rows, pgfacts.ReplicaRow{
				Hostname: r.Hostname, StartedAt: r.Created, RelayAddress: r.RelayAddress, RegionID: r.RegionID, Error: r.Error,
				DatabaseLatency: r.DatabaseLatency, Primary: true,
			})
		}
		return rows, true
	}
	return nil, false
}

// RowOf is what coderd of a pod wrote of itself: the live row, else the newest one.
func (f *Facts) RowOf(pod Pod) *pgfacts.ReplicaRow {
	rows, _ := f.ToldRows()
	var best *pgfacts.ReplicaRow
	for i, row := range rows {
		if !wrote(pod, row) {
			continue
		}
		if best == nil || row.Alive() && !best.Alive() || row.Alive() == best.Alive() && row.StartedAt.After(best.StartedAt) {
			best = &rows[i]
		}
	}
	return best
}

// PodOf is the pod that wrote a row; nil where it is gone, or none of ours.
func (f *Facts) PodOf(row pgfacts.ReplicaRow) *Pod {
	if f.Running == nil {
		return nil
	}
	for i, pod := range f.Running.Pods {
		if wrote(pod, row) {
			return &f.Running.Pods[i]
		}
	}
	return nil
}

// clockSlack is how far the clocks of a node and of the API server may be apart.
const clockSlack = 10 * time.Second

// wrote says whether a row is from this very pod. coderd writes the host's name in
// lower case and without its domain; a pod with the host's network has that of its
// node, and a pod of before may have had the same name.
func wrote(pod Pod, row pgfacts.ReplicaRow) bool {
	if row.StartedAt.Before(pod.Created.Add(-clockSlack)) {
		return false
	}
	own := pod.Name
	if pod.HostNetwork {
		own = pod.Node
	}
	own, _, _ = strings.Cut(strings.ToLower(own), ".")
	return row.Hostname == own || pod.IP != "" && (sameHost(row.ClusterHost, pod.IP) || sameHost(hostOf(row.RelayAddress), pod.IP))
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func sameHost(host, ip string) bool {
	a, err1 := netip.ParseAddr(host)
	b, err2 := netip.ParseAddr(ip)
	return err1 == nil && err2 == nil && a.Unmap() == b.Unmap()
}

// State is what people call the condition of a pod.
type State string

// The conditions of a pod.
const (
	Ready    State = "ready"
	Starting State = "starting"
	NotReady State = "not ready"
	// Draining was told to go, and has time left.
	Draining State = "draining"
	// Overdue was told to go, and should be gone.
	Overdue State = "not gone"
	// Troubled does not come to run: Pod.Trouble says why.
	Troubled State = "in trouble"
	Ended    State = "ended"
)

// startTime is how long a start may take: the chart and Coder allow 15 minutes for
// migrations.
const startTime = 15 * time.Minute

// overdueSlack is how long after its deadline a pod may take to be gone.
const overdueSlack = 30 * time.Second

// StateAt is the condition of the pod at a time.
func (p Pod) StateAt(now time.Time) State {
	switch {
	case p.Leaving() && now.After(p.Deadline.Add(overdueSlack)):
		return Overdue
	case p.Leaving():
		return Draining
	case p.Gone():
		return Ended
	case p.Ready:
		return Ready
	case p.Trouble != "":
		return Troubled
	case p.Restarts == 0 && now.Before(p.Created.Add(startTime)) && !p.wasReady():
		return Starting
	default:
		return NotReady
	}
}

// wasReady says that the pod was ready once: its condition changed after its
// container was started.
func (p Pod) wasReady() bool {
	return !p.Started.IsZero() && p.ReadySince.After(p.Started.Add(clockSlack))
}
