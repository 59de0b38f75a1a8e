package policies

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// onePort is a policy for some pods that lets only port 8080 in, or out.
func onePort(name string, pods deployment.Selector, egress bool) deployment.Policy {
	rules := []deployment.PolicyRule{{Ports: []deployment.PolicyPort{{Protocol: TCP, Port: 8080}}}}
	p := deployment.Policy{Namespace: "coder", Name: name, Pods: pods}
	if egress {
		p.RestrictsEgress, p.Egress = true, rules
	} else {
		p.RestrictsIngress, p.Ingress = true, rules
	}
	return p
}

// pods are two replicas of one workload.
func pods() (d *deployment.Deployment, from, to deployment.Replica) {
	labels := func(pod string) map[string]string {
		return map[string]string{
			"app": "coder", "pod-template-hash": "a", "controller-revision-hash": "a",
			"statefulset.kubernetes.io/pod-name": pod, "apps.kubernetes.io/pod-index": "0",
		}
	}
	from, to = deployment.Replica{Name: "coder-0", Labels: labels("coder-0")}, deployment.Replica{Name: "coder-1", Labels: labels("coder-1")}
	workload := deployment.Workload{Name: "coder", Namespace: "coder", Pod: &deployment.Pod{Containers: []deployment.Container{{Name: "coder"}}}}
	return &deployment.Deployment{Workloads: []deployment.Workload{workload, workload}, Replicas: []deployment.Replica{from, to}}, from, to
}

func with(key string) deployment.Selector {
	return deployment.Selector{Requirements: []deployment.Requirement{{Key: key, Operator: deployment.Exists}}}
}

func TestEveryPolicyThatEndsAWayIsNamedOnce(t *testing.T) {
	t.Parallel()
	d, from, to := pods()
	in, out := onePort("in", with("app"), false), onePort("out", deployment.Selector{}, true)
	both := onePort("both", deployment.Selector{}, false)
	both.RestrictsEgress, both.Egress = true, both.Ingress
	assert.Equal(t, []string{"in"}, Blocking(d, from, to, 6222, []deployment.Policy{in}))
	assert.Equal(t, []string{"out"}, Blocking(d, from, to, 6222, []deployment.Policy{out}))
	assert.Equal(t, []string{"both", "in", "out"}, Blocking(d, from, to, 6222, []deployment.Policy{out, in, both}))
	assert.Empty(t, Blocking(d, from, to, 8080, []deployment.Policy{out, in, both}))
	assert.Empty(t, Blocking(d, from, to, 6222, nil))
}

func TestAPolicyForWhatAControllerNamesIsNotForThePodsInItsPlace(t *testing.T) {
	t.Parallel()
	d, from, to := pods()
	for _, key := range []string{"pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"} {
		all := []deployment.Policy{onePort("in", with(key), false)}
		assert.Empty(t, Blocking(d, from, to, 6222, all), key)
		assert.False(t, Selects(d, to, all), key)
	}
	assert.True(t, Selects(d, to, []deployment.Policy{onePort("in", with("app"), false)}))
	assert.Contains(t, to.Labels, "pod-template-hash", "the replica keeps its labels")
}

func TestNothingIsSaidOfPodsThatNoPolicyIsFor(t *testing.T) {
	t.Parallel()
	all := []deployment.Policy{onePort("in", deployment.Selector{}, false)}
	d, from, to := pods()
	d.Workloads[0].Pod.HostNetwork = true
	assert.Empty(t, Blocking(d, from, to, 6222, all), "pods on the network of the node")
	d, from, to = pods()
	d.Workloads[0].Pod = nil
	assert.Empty(t, Blocking(d, from, to, 6222, all), "hosts")
	d, from, to = pods()
	to.Workload = 1
	assert.Empty(t, Blocking(d, from, to, 6222, all), "pods of two workloads, whose labels differ")
}
