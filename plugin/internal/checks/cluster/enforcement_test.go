package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// under lets a NetworkPolicy be in the cluster that allows one port from everywhere,
// and changes what the pods found out then.
func under(port int, change func(*check.Case)) func(*checktest.World) {
	return checktest.Rehearsed(func(f *check.Case) {
		f.Trial.PoliciesRead = true
		f.Trial.Policies = []deployment.Policy{{
			Namespace: f.Deployment.Workloads[0].Namespace, Name: "one-port", RestrictsIngress: true,
			Ingress: []deployment.PolicyRule{{Ports: []deployment.PolicyPort{{Protocol: "TCP", Port: port}}}},
		}}
		if change != nil {
			change(f)
		}
	})
}

// clusterSilent lets port 6222 of every replica be silent.
func clusterSilent(f *check.Case) {
	for i := range f.Mesh {
		f.Mesh[i].Cluster = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
	}
}

func TestWaysThatAnswerAreCounted(t *testing.T) {
	t.Parallel()
	w := checktest.NewWorld()
	under(8080, func(f *check.Case) {
		clusterSilent(f)
		f.Mesh[0].Cluster = checktest.Failed(facts.Protocol, "it is not NATS")
		f.Mesh[1].Cluster.Failure = nil
	})(w)
	found := judgeEnforcement(w.Case(t)).Findings
	require.Len(t, found, 1)
	assert.Equal(t, "1 of 5 ways that NetworkPolicies forbid answer", found[0].Observed)
}

func enforcementCases(_ *testing.T, c *checktest.Cases) {
	keyed := func(key string) func(*check.Case) {
		return func(f *check.Case) {
			f.Trial.Policies[0].Pods = deployment.Selector{Requirements: []deployment.Requirement{{Key: key, Operator: deployment.Exists}}}
		}
	}
	c.About("network-policy-unenforced",
		checktest.Warns("a port that a policy forbids answers", "NetworkPolicy one-port forbids TCP port 6222 between the pods, and yet it answers, from replica coder-0 to coder-1", under(8080, nil)),
		checktest.Warns("from one replica only", "yet it answers", under(8080, func(f *check.Case) {
			for i := range f.Mesh[1:] {
				f.Mesh[i+1].Cluster = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
			}
		})),
		checktest.Notes("it is silent", "6 ways", under(8080, clusterSilent)),
		checktest.Skips("nothing is forbidden", "no NetworkPolicy in the cluster forbids", under(8080, func(f *check.Case) {
			f.Trial.Policies[0].Ingress[0].Ports = append(f.Trial.Policies[0].Ingress[0].Ports, deployment.PolicyPort{Protocol: "TCP", Port: 6222})
		})),
		checktest.Skips("another policy allows it", "no NetworkPolicy in the cluster forbids", under(8080, func(f *check.Case) {
			more := f.Trial.Policies[0]
			more.Name, more.Ingress = "all", []deployment.PolicyRule{{}}
			f.Trial.Policies = append(f.Trial.Policies, more)
		})),
		checktest.Skips("a policy of another namespace", "no NetworkPolicy in the cluster forbids", under(8080, func(f *check.Case) { f.Trial.Policies[0].Namespace = "other" })),
		checktest.Skips("a policy for a pod by the name that its controller gives", "no NetworkPolicy in the cluster forbids", under(8080, keyed("statefulset.kubernetes.io/pod-name"))),
		checktest.Skips("the namespace may have labels that the input does not give it", "no NetworkPolicy in the cluster forbids", under(8080, func(f *check.Case) {
			f.Deployment.Workloads[0].NamespaceLabels = map[string]string{"team": "coder"}
			f.Trial.Policies[0].Ingress = []deployment.PolicyRule{{Peers: []deployment.PolicyPeer{{Namespaces: &deployment.Selector{
				Requirements: []deployment.Requirement{{Key: "project", Operator: deployment.Exists}},
			}}}}}
		})),
		checktest.Warns("another namespace by its name", "yet it answers", under(8080, func(f *check.Case) {
			f.Trial.Policies[0].Ingress = []deployment.PolicyRule{{Peers: []deployment.PolicyPeer{{Namespaces: &deployment.Selector{
				Requirements: []deployment.Requirement{{Key: "kubernetes.io/metadata.name", Operator: deployment.In, Values: []string{"ingress-nginx"}}},
			}}}}}
		})),
		checktest.Skips("no policy", "no NetworkPolicy in the cluster forbids", under(8080, func(f *check.Case) { f.Trial.Policies = nil })),
		checktest.Notes("refused may be the work of the policy", "6 ways", under(8080, func(f *check.Case) {
			for i := range f.Mesh {
				f.Mesh[i].Cluster = checktest.Failed(facts.Refused, "connection refused")
			}
		})),
		checktest.Notes("it is out of reach", "6 ways", under(8080, func(f *check.Case) {
			for i := range f.Mesh {
				f.Mesh[i].Cluster = checktest.Failed(facts.Unreachable, "no route to host")
			}
		})),
		checktest.Leaves("something answers, and not as it should", "TCP port 6222 of coder-1: it is not NATS, from replica coder-0", under(8080, func(f *check.Case) {
			clusterSilent(f)
			f.Mesh[0].Cluster = checktest.Failed(facts.Protocol, "it is not NATS")
		})),
		checktest.Leaves("the run ended before the answer", "does not tell whether it is open", under(8080, func(f *check.Case) {
			clusterSilent(f)
			f.Mesh[0].Cluster = checktest.Failed(facts.Interrupted, "the run ended before the answer")
		})),
		checktest.Warns("one answers, and another not as it should", "from replica coder-0 to coder-2", under(8080, func(f *check.Case) {
			clusterSilent(f)
			f.Mesh[0].Cluster = checktest.Failed(facts.Protocol, "it is not NATS")
			f.Mesh[1].Cluster.Failure = nil
		})),
		checktest.Skips("a port of the node leads to another one of the pod", "no NetworkPolicy in the cluster forbids", func(w *checktest.World) {
			under(8080, nil)(w)
			w.Put(checktest.Field("KUBE_POD_IP", "status.hostIP"))
			w.Set("CODER_DERP_SERVER_RELAY_URL", "http://$(KUBE_POD_IP):30080")
			w.Set("CODER_EXPERIMENTS", "no_nats_pubsub")
			w.Then = append(w.Then, func(f *check.Case) {
				for i := range f.Mesh {
					f.Mesh[i].Relay.Target, f.Mesh[i].Cluster = "http://192.0.2.1:30080", nil
				}
			})
		}),
		checktest.Warns("the port of the relay", "NetworkPolicy one-port forbids TCP port 8080", under(6222, nil)),
		checktest.Skips("a mesh has ports of its own", "no NetworkPolicy in the cluster forbids", func(w *checktest.World) {
			under(8080, nil)(w)
			w.Then = append(w.Then, func(c *check.Case) {
				c.Deployment.Workloads[0].NamespaceLabels = map[string]string{"istio-injection": "enabled"}
			})
		}),
		checktest.Leaves("the policies may not be read", "this user lacks", under(8080, func(f *check.Case) {
			f.Trial.PoliciesRead, f.Trial.PoliciesUnread = false, "this user lacks the verb list on networkpolicies"
		})),
		checktest.Skips("hosts", "not for hosts", checktest.AskedFrom("coder-1", nil, nil)),
		checktest.Skips("pods do not run yet", "only replicas that run", nil),
	)
	allows := func(f *check.Case) []deployment.Policy {
		more := f.Trial.Policies[0]
		more.Name, more.Ingress = "all", []deployment.PolicyRule{{}}
		return []deployment.Policy{more}
	}
	c.About("cluster-port-unreachable",
		checktest.Fires("the policy that forbids it is named", "port 6222 of coder-0: no answer within 3.0 s, which NetworkPolicy one-port in the cluster forbids, from replica coder-1 and 1 other replica", under(8080, clusterSilent)),
		checktest.Fires("pods of two workloads", "port 6222 of coder-2: no answer within 3.0 s, from replica coder-0", under(8080, func(f *check.Case) {
			f.Deployment.Workloads = append(f.Deployment.Workloads, f.Deployment.Workloads[0])
			f.Deployment.Replicas[2].Workload = 1
			f.Mesh[1].Cluster = checktest.Failed(facts.Timeout, "no answer within 3.0 s")
		})),
		checktest.Fires("refused by a policy", "connection refused, which NetworkPolicy one-port in the cluster forbids", under(8080, func(f *check.Case) {
			f.Mesh[0].Cluster = checktest.Failed(facts.Refused, "connection refused")
		})),
		checktest.Fires("refused, where the policy allows it", "port 6222 of coder-1: connection refused, from", under(6222, func(f *check.Case) {
			f.Mesh[0].Cluster = checktest.Failed(facts.Refused, "connection refused")
		})),
		checktest.Fires("the policy allows it", "no answer within 3.0 s, and no NetworkPolicy in the cluster forbids it, from", under(6222, clusterSilent)),
		checktest.Leaves("the input has a policy that will allow it", "as NetworkPolicy one-port in the cluster forbids until those of the input are there", under(8080, func(f *check.Case) {
			clusterSilent(f)
			f.Trial.Running, f.Deployment.Policies = 0, allows(f)
		})),
		checktest.Fires("the input has policies that do not allow it either", "which NetworkPolicy one-port in the cluster forbids", under(8080, func(f *check.Case) {
			clusterSilent(f)
			f.Trial.Running, f.Deployment.Policies = 0, f.Trial.Policies
		})),
		checktest.Fires("no policy is in the cluster, so those of the input open nothing", "and no NetworkPolicy in the cluster forbids it", under(8080, func(f *check.Case) {
			clusterSilent(f)
			f.Trial.Running, f.Deployment.Policies, f.Trial.Policies = 0, allows(f), nil
		})),
		checktest.Leaves("a policy in the cluster seems to allow it, and more of them will come", "may not be in the cluster yet", under(6222, func(f *check.Case) {
			clusterSilent(f)
			f.Trial.Running, f.Deployment.Policies = 0, allows(f)
		})),
	)
}
