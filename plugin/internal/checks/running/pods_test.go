package running

import (
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// pod changes the second pod.
func pod(change func(*check.Case, *facts.Pod)) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) { change(c, &c.Running.Pods[1]) })
}

// node changes the node of the second pod, and what Kubernetes then says of the pod.
func node(change func(*facts.Node)) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) {
		change(&c.Running.Nodes[1])
		c.Running.Pods[1].Ready, c.Running.Pods[1].ReadySince = false, c.Now.Add(-time.Minute)
	})
}

func draining(left time.Duration) func(*checktest.World) {
	return pod(func(c *check.Case, p *facts.Pod) {
		p.Deadline, p.Ready, p.ReadySince = c.Now.Add(left), false, c.Now.Add(-10*time.Second)
	})
}

func podCases(_ *testing.T, c *checktest.Cases) {
	notReady := func(c *check.Case, p *facts.Pod) { p.Ready, p.ReadySince = false, c.Now.Add(-time.Minute) }
	c.About("replicas-not-ready",
		checktest.Skips("nothing runs yet", "status", nil),
		checktest.Notes("all are ready", "3 of 3", checktest.Runs(nil)),
		checktest.Warns("one lost its readiness", "coder-1 is not ready", pod(notReady)),
		checktest.Warns("one crashes", "CrashLoopBackOff", pod(func(c *check.Case, p *facts.Pod) {
			notReady(c, p)
			p.Trouble, p.Restarts, p.LastEnd = "CrashLoopBackOff", 4, "OOMKilled"
		})),
		checktest.Warns("one fits nowhere", "Unschedulable", pod(func(c *check.Case, p *facts.Pod) {
			*p = facts.Pod{Name: p.Name, Phase: "Pending", Created: c.Now.Add(-time.Minute), Trouble: "Unschedulable", Message: "0/3 nodes are available"}
		})),
		checktest.Warns("one has been starting for too long", "coder-1 is not ready", pod(func(c *check.Case, p *facts.Pod) {
			p.Ready, p.ReadySince = false, p.Created
		})),
		checktest.Skips("one starts", "coder-1 has been starting for 20.0 s", pod(func(c *check.Case, p *facts.Pod) {
			p.Created, p.Started, p.Ready, p.ReadySince = c.Now.Add(-20*time.Second), c.Now.Add(-18*time.Second), false, c.Now.Add(-20*time.Second)
		})),
		checktest.Notes("one drains", "coder-1 is draining", draining(40*time.Second)),
		checktest.Fires("none is ready", "Coder is down", checktest.Runs(func(c *check.Case) {
			for i := range c.Running.Pods {
				notReady(c, &c.Running.Pods[i])
			}
		})),
		checktest.Fires("there is no pod at all", "Coder is down", checktest.Runs(func(c *check.Case) { c.Running.Pods = []facts.Pod{} })),
		checktest.Skips("scaled to nothing", "0 replicas", checktest.Runs(func(c *check.Case) {
			c.Running.Pods, c.Running.Workloads[0].Desired = []facts.Pod{}, 0
		})),
		checktest.Skips("the pods may not be listed", "lacks", checktest.Runs(func(c *check.Case) {
			c.Running.Pods = nil
			c.Lacks(facts.Pods, facts.Gap{Reason: "this user lacks the verb list on pods", Proof: "grant it"})
		})),
	)
	c.About("replica-stuck",
		checktest.Passes("all nodes answer", checktest.Runs(nil)),
		checktest.Warns("its node is silent", "not ready: its kubelet is silent", node(func(n *facts.Node) { n.Ready = false })),
		checktest.Warns("its node is gone", "does not exist", node(func(n *facts.Node) { n.Gone = true })),
		checktest.Warns("it should have ended", "should have ended 1m ago", draining(-time.Minute)),
		checktest.Passes("it drains", draining(40*time.Second)),
		checktest.Passes("it ends a little late", draining(-20*time.Second)),
		checktest.Passes("it drains on a node that nobody schedules to", checktest.Runs(func(c *check.Case) {
			c.Running.Nodes[1].Cordoned = true
			c.Running.Pods[1].Deadline = c.Now.Add(40 * time.Second)
		})),
		checktest.Skips("a Deployment makes another pod", "without waiting", checktest.Runs(func(c *check.Case) {
			for i := range c.Running.Pods {
				c.Running.Pods[i].StatefulSet = false
			}
			c.Running.Nodes[1].Gone = true
		})),
		checktest.Skips("nodes may not be listed", "lacks the verb list on nodes", checktest.Runs(func(c *check.Case) {
			c.Running.Nodes = nil
			c.Lacks(facts.Nodes, facts.Gap{Reason: "this user lacks the verb list on nodes", Proof: "grant it"})
			notReady(c, &c.Running.Pods[1])
		})),
	)
}
