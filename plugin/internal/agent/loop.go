package agent

import (
	"bufio"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/postgres"
)

// MostLine bounds a request and a reply: the facts of a database and the links of
// fifty replicas take some hundred kilobytes.
const MostLine = 8 << 20

// Run answers requests until their stream ends: then nobody waits any more.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	return (&worker{}).run(ctx, in, out)
}

func (w *worker) run(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, MostLine)
	for lines.Scan() {
		var request Request
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			return errors.New("a request cannot be read")
		}
		done, err := w.beating(ctx, out, request)
		if err != nil {
			return err
		}
		reply, err := json.Marshal(done)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\n", reply); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Beat is how often an agent that is at a request writes an empty line, by which one
// that waits is known from one that is lost.
const Beat = 3 * time.Second

// beating does what is asked, and writes empty lines meanwhile.
func (w *worker) beating(ctx context.Context, out io.Writer, request Request) (Reply, error) {
	done := make(chan Reply, 1)
	go func() { done <- w.do(ctx, request) }()
	ticker := time.NewTicker(cmp.Or(w.beat, Beat))
	defer ticker.Stop()
	for {
		select {
		case reply := <-done:
			return reply, nil
		case <-ticker.C:
			if _, err := io.WriteString(out, "\n"); err != nil {
				return Reply{}, err
			}
		}
	}
}

// worker does what is asked of it.
type worker struct {
	// beat is Beat if it is not set.
	beat   time.Duration
	server server
	mesh   mesh.Options
	// foreignRoots says that the image is not coderd's.
	foreignRoots bool
}

func (w *worker) do(ctx context.Context, r Request) Reply {
	switch {
	case r.Begin != nil:
		w.mesh = mesh.Options{Patience: mesh.Patience, ClusterPort: coder.NATSPort, Run: r.Begin.Run}
		if r.Begin.ClusterPort != 0 {
			w.mesh.ClusterPort = r.Begin.ClusterPort
		}
		w.mesh.Roots = roots(r.Begin.Listeners)
		return Reply{Listening: w.server.start(ctx, *r.Begin)}
	case r.Reach != nil:
		return Reply{Links: w.mesh.Reach(ctx, r.Reach.Peers, r.Reach.ServerName)}
	case r.Measure != nil:
		return Reply{Latencies: w.measure(ctx, *r.Measure)}
	case r.Access != nil:
		return Reply{Access: w.mesh.Access(ctx, r.Access.URL)}
	case r.Database != nil:
		return w.askDatabase(ctx, *r.Database)
	case r.End != nil:
		return Reply{Foreign: int(w.server.foreign.Load())}
	default:
		return Reply{Problem: "this agent does not know the request"}
	}
}

// roots are those of the replica in whose place the agent is, which serves TLS with its
// own files; nil where it does not, or where they cannot be read.
func roots(listeners []Listener) *x509.CertPool {
	for _, l := range listeners {
		if len(l.Certs) == 0 {
			continue
		}
		if pool, err := mesh.Roots(l.Certs); err == nil {
			return pool
		}
	}
	return nil
}

// measure takes one peer in each slot. One that takes longer than its slot takes of
// the next one, and all are in step again after a pause.
func (w *worker) measure(ctx context.Context, m Measure) []*pgfacts.Latency {
	out := make([]*pgfacts.Latency, len(m.Peers))
	begin := time.Now()
	for i, p := range m.Peers {
		out[i] = w.mesh.Measure(ctx, p, m.ServerName)
		select {
		case <-time.After(time.Until(begin.Add(time.Duration(i+1) * m.Slot))):
		case <-ctx.Done():
			return out
		}
	}
	return out
}

// askDatabase asks the database of the environment. The URL stays here.
func (w *worker) askDatabase(ctx context.Context, d Database) Reply {
	text := os.Getenv(d.Variable)
	if text == "" {
		return Reply{Problem: d.Variable + " is not set in the pod"}
	}
	summary := pgurl.Summarize(text, d.Key)
	reply := Reply{URL: &summary, Digest: d.Key.Of(text)}
	u, err := pgurl.Parse(text)
	if err != nil || len(u.Hosts) > 1 {
		return reply
	}
	reply.Database = postgres.Probe(ctx, postgres.Options{
		URL: u, Origin: d.Origin, InCluster: true, Auth: d.Auth, ConnectTimeout: d.ConnectTimeout,
		ForeignRoots: w.foreignRoots,
	})
	return reply
}
