package checktest

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// Rehearsed lets pods in the places of the replicas answer each other as they should,
// and changes one thing of what they found out.
func Rehearsed(change func(*check.Case)) func(*World) {
	return func(w *World) {
		w.Then = append(w.Then, func(c *check.Case) {
			good := func(target string) *facts.Answer {
				return &facts.Answer{Target: target, Latency: pgfacts.NewLatency([]time.Duration{time.Millisecond})}
			}
			c.Trial = &facts.Trial{Running: len(c.Deployment.Replicas)}
			for _, from := range c.Deployment.Replicas {
				c.Places = append(c.Places, facts.Place{
					Position: facts.Position(from.Name), Node: "node-of-" + from.Name, Region: "eu-west-1", Access: good("https://coder.example.com:443"),
				})
				for _, to := range c.Deployment.Replicas {
					if to.Name != from.Name {
						c.Mesh = append(c.Mesh, facts.Link{
							From: facts.Position(from.Name), To: to.Name, Relay: good("http://10.0.0.1:8080"), Cluster: good("10.0.0.1:6222"),
						})
					}
				}
			}
			if change != nil {
				change(c)
			}
		})
	}
}

// FromReplicas is the world's database as each replica sees it, changed for one of them.
func FromReplicas(change func(replica int, p *pgfacts.Facts)) func(*World) {
	return func(w *World) {
		w.Then = append(w.Then, func(c *check.Case) {
			c.Postgres = nil
			for i, r := range c.Deployment.Replicas {
				p := GoodDatabase()
				change(i, p)
				c.Postgres = append(c.Postgres, facts.Postgres{Position: facts.Position(r.Name), Facts: p})
			}
		})
	}
}
