package report

import (
	"fmt"
	"io"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// Position is where replicas were asked from.
type Position struct {
	// Name is that of a replica, or empty for the machine that the command ran on.
	Name string `json:"name"`
	// Node, Zone, Region and IP are those of a pod in the place of the replica.
	Node      string            `json:"node,omitempty"`
	Zone      string            `json:"zone,omitempty"`
	Region    string            `json:"region,omitempty"`
	IP        string            `json:"ip,omitempty"`
	Postgres  *PositionDatabase `json:"postgres,omitempty"`
	AccessURL *Answer           `json:"accessURL,omitempty"`
}

// PositionDatabase is the database as a position sees it.
type PositionDatabase struct {
	Reachable bool     `json:"reachable"`
	Latency   *Latency `json:"latencyMs,omitempty"`
}

// Link is what a replica answered to a position.
type Link struct {
	From    string  `json:"from"`
	To      string  `json:"to"`
	Relay   *Answer `json:"relay,omitempty"`
	Cluster *Answer `json:"cluster,omitempty"`
}

// Answer says whether an address answered as it should, and else what was wrong.
type Answer struct {
	OK      bool     `json:"ok"`
	Latency *Latency `json:"latencyMs,omitempty"`
	Error   string   `json:"error"`
}

// describeMesh is what replicas answered, as reports show it.
func describeMesh(f *facts.Facts) (positions []Position, mesh []Link) {
	for _, p := range f.Places {
		one := Position{
			Name: string(p.Position), Node: p.Node, Zone: p.Zone, Region: p.Region, IP: p.IP, AccessURL: describeAnswer(p.Access),
		}
		for _, db := range f.Postgres {
			if db.Position == p.Position && p.Position != facts.ThisMachine {
				one.Postgres = &PositionDatabase{Reachable: db.FailedStep == "" && db.Server != nil, Latency: describeLatency(db.Latency)}
			}
		}
		positions = append(positions, one)
	}
	for _, l := range f.Mesh {
		mesh = append(mesh, Link{From: string(l.From), To: l.To, Relay: describeAnswer(l.Relay), Cluster: describeAnswer(l.Cluster)})
	}
	return positions, mesh
}

func describeAnswer(a *facts.Answer) *Answer {
	if a == nil {
		return nil
	}
	out := &Answer{OK: a.Failure == nil, Latency: describeLatency(a.Latency)}
	if a.Failure != nil {
		out.Error = a.Failure.Message
	}
	return out
}

// mostGood is how many replicas stand in the table that answer as they should; the
// others always do.
const mostGood = 8

// mesh is a table of what the replicas answered, for each position.
func (t textWriter) mesh(w io.Writer, r Report) {
	if len(r.Positions) > 0 && r.Positions[0].Node != "" {
		t.matrix(w, r)
		return
	}
	for _, p := range r.Positions {
		fmt.Fprintf(w, "Asked from %s\n", facts.Position(p.Name))
		if p.AccessURL != nil {
			fmt.Fprintf(w, "  access URL  %s\n", t.answer(p.AccessURL))
		}
		good, left := 0, 0
		for _, l := range r.Mesh {
			if l.From != p.Name {
				continue
			}
			if l.good() {
				good++
				if good > mostGood && !t.verbose {
					left++
					continue
				}
			}
			fmt.Fprintf(w, "  %-10s  relay %s  port 6222 %s\n", l.To, t.answer(l.Relay), t.answer(l.Cluster))
		}
		if left > 0 {
			fmt.Fprintf(w, "  … and %s more that answer\n", human.Count(left, "replica"))
		}
		fmt.Fprintln(w)
	}
}

func (l Link) good() bool {
	return (l.Relay == nil || l.Relay.OK) && (l.Cluster == nil || l.Cluster.OK)
}

// answer is one cell: how fast, or what is wrong.
func (t textWriter) answer(a *Answer) string {
	switch {
	case a == nil:
		return "(not asked)"
	case !a.OK:
		return t.paint(red, markFailed) + " " + a.Error
	case a.Latency == nil:
		return t.paint(green, markPassed)
	default:
		return t.paint(green, markPassed) + " " + human.Duration(time.Duration(a.Latency.Median*float64(time.Millisecond)))
	}
}
