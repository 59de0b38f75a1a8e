package checktest

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// Asked is what the replicas answered to one position; a test changes one thing of it.
type Asked struct {
	Access *facts.Answer
	// Links are one for each replica.
	Links []facts.Link
}

// AskedFrom lets three hosts answer a position as they should, and changes one thing
// of what they answered, and one of the hosts.
func AskedFrom(from facts.Position, change func(*Asked), hosts func(*HostFiles)) func(*World) {
	return func(w *World) {
		OnHosts(hosts)(w)
		w.Then = append(w.Then, func(c *check.Case) {
			good := func(target string) *facts.Answer {
				return &facts.Answer{Target: target, Latency: pgfacts.NewLatency([]time.Duration{time.Millisecond})}
			}
			asked := &Asked{Access: good("https://coder.example.com:443")}
			for _, r := range c.Deployment.Replicas {
				asked.Links = append(asked.Links, facts.Link{
					From: from, To: r.Name, Relay: good(r.Env(coder.RelayURL).String()), Cluster: good(r.Env(coder.ClusterHost).String() + ":6222"),
				})
			}
			if change != nil {
				change(asked)
			}
			c.Places, c.Mesh = []facts.Place{{Position: from, Access: asked.Access}}, asked.Links
		})
	}
}

// Failed is an answer that is not as it should be.
func Failed(cause facts.Cause, message string) *facts.Answer {
	return &facts.Answer{Target: "http://10.0.0.2:8080", Failure: &facts.Failure{Cause: cause, Message: message}}
}
