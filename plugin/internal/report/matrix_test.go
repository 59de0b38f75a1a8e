package report

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	var out bytes.Buffer
	textWriter{}.mesh(&out, r)
	assert.Equal(t, `Round trips between pods in the places of the replicas, in milliseconds
                              to 0    to 1    to 2  database  access URL
  coder-0  node-0 (zone-0)       ·       ×    2.00      0.50           √
  coder-1  node-1 (zone-1)    10.0       ·    12.0      0.50           ×
  coder-2  node-0 (zone-0)    20.0    21.0       ·      0.50           √
  × coder-0 to coder-1: connection refused
  the slowest: coder-2 to coder-1, 21.0 ms
  port 6222: × 5 of 6 ways answer
  zones: zone-0: coder-0, coder-2; zone-1: coder-1

`, out.String())
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
	assert.Equal(t, "  coder-0    █·█·█·█·█·█·█·█·█·█·█·█·█·█·█  node-0 (zone-0)", string(lines[1]))
	assert.Contains(t, out.String(), "· up to 1 ms, ░ up to 10 ms, ▒ up to 50 ms, █ longer, × no answer, - not asked")
	assert.Contains(t, out.String(), "port 6222: √ 870 of 870 ways answer")
}
