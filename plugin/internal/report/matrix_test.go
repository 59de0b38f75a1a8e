package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// pairs are replicas of which each answers each other one.
func pairs(n int, median func(from, to int) float64) Report {
	var r Report
	name := func(i int) string { return fmt.Sprintf("coder-%d", i) }
	for from := range n {
		r.Positions = append(r.Positions, Position{
			Name: name(from), Node: fmt.Sprintf("node-%d", from%2), Zone: fmt.Sprintf("zone-%d", from%2),
			Postgres: &PositionDatabase{Reachable: true, Latency: &Latency{Median: 0.5}}, AccessURL: &Answer{OK: true},
		})
		for to := range n {
			if to != from {
				r.Mesh = append(r.Mesh, Link{
					From: name(from), To: name(to), Relay: &Answer{OK: true, Latency: &Latency{Median: median(from, to)}}, Cluster: &Answer{OK: true},
				})
			}
		}
	}
	return r
}

func TestTheMatrixNamesTheSlowestWay(t *testing.T) {
	t.Parallel()
	r := pairs(3, func(from, to int) float64 { return float64(from*10 + to) })
	r.Mesh[0].Relay = &Answer{Error: "connection refused"}
	r.Mesh[0].Cluster = &Answer{Error: "connection refused"}
	r.Positions[1].AccessURL = &Answer{Error: "status 503"}
	r.Outcomes = []check.Outcome{{ID: "access-url-hairpin", Status: check.Failed}}
	r.Trial = &facts.Trial{Started: 2300 * time.Millisecond, Elapsed: 3300 * time.Millisecond}
	var out bytes.Buffer
	textWriter{}.mesh(&out, r)
	assert.Equal(t, `Round trips between pods in the places of the replicas, in milliseconds
           to 0  to 1  to 2  database  access URL
  coder-0     ·     ×  2.00      0.50           √  node-0 (zone-0)
  coder-1  10.0     ·  12.0      0.50           ×  node-1 (zone-1)
  coder-2  20.0  21.0     ·      0.50           √  node-0 (zone-0)
  × coder-0 to coder-1: connection refused
  the slowest: coder-2 to coder-1, 21.0 ms
  port 6222: × 5 of 6 ways answer
  zones: zone-0: coder-0, coder-2; zone-1: coder-1
  the pods ran after 2.3 s, and had asked after 3.3 s

`, out.String())

	r.Outcomes[0].Status = check.Skipped
	out.Reset()
	textWriter{}.mesh(&out, r)
	assert.Contains(t, out.String(), "12.0      0.50           -  node-1", "nothing runs yet that could answer")
	assert.Contains(t, out.String(), "2.00      0.50           √  node-0", "an answer counts")
}

func TestNamesAtTheEndOfALineFitIt(t *testing.T) {
	t.Parallel()
	for room, want := range map[int]string{-3: "", 0: "", 1: "", 2: "", 3: "", 4: "", 5: "  no…", 7: "  node…", 8: "  node-1", 80: "  node-1"} {
		assert.Equal(t, want, atEnd("node-1", room), room)
	}
}

func TestManyReplicasAreShades(t *testing.T) {
	t.Parallel()
	r := pairs(30, func(from, to int) float64 {
		if from%2 != to%2 {
			return 60
		}
		return 0.3
	})
	var out bytes.Buffer
	textWriter{}.mesh(&out, r)
	lines := bytes.Split(out.Bytes(), []byte("\n"))
	require.Greater(t, len(lines), 30)
	assert.Equal(t, "  coder-0    ··············███████████████  node-0 (zone-0)", string(lines[1]), "the replicas of a zone stand together")
	assert.Contains(t, out.String(), "· up to 1, ░ up to 10, ▒ up to 50, █ more; × no answer, - not asked")
	assert.Contains(t, out.String(), "zones: zone-0: 15 replicas; zone-1: 15 replicas")
	assert.Contains(t, out.String(), "port 6222: √ 870 of 870 ways answer")
}

func TestTheMatrixFitsTheScreen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ replicas, columns int }{{1, 80}, {3, 80}, {8, 80}, {9, 80}, {12, 80}, {12, 120}, {30, 80}, {50, 80}, {50, 120}} {
		r := pairs(c.replicas, func(int, int) float64 { return 0.3 })
		for i := range r.Positions {
			r.Positions[i].Node = "ip-10-0-112-134.eu-west-1.compute.internal"
		}
		var out bytes.Buffer
		textWriter{columns: c.columns}.mesh(&out, r)
		for line := range strings.Lines(out.String()) {
			if !strings.HasPrefix(line, "  zones:") {
				assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), c.columns, "%d replicas: %q", c.replicas, line)
			}
		}
		figures := c.replicas <= 8 || c.columns == 120 && c.replicas <= 12
		assert.Equal(t, figures, strings.Contains(out.String(), "access URL"), "%d replicas in %d columns: %s", c.replicas, c.columns, out.String())
	}
}
