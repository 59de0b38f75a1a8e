package rehearse

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// TestWhereNoAgentListensNobodyIsAsked: on a node's own network the port may be taken
// by a replica that runs, and a silent agent says nothing of coderd.
func TestWhereNoAgentListensNobodyIsAsked(t *testing.T) {
	t.Parallel()
	const name = "coder-0"
	ip := deployment.Symbol(deployment.FieldPodIP, name)
	known := func(text deployment.Text) deployment.Value {
		return deployment.Value{State: deployment.Known, Text: text}
	}
	d := &deployment.Deployment{Replicas: []deployment.Replica{{Name: name, Variables: map[string]deployment.Value{
		coder.RelayURL: known("http://" + ip + ":8080"), coder.ClusterHost: known(ip),
	}}}}
	ask := func(deaf map[string]string) (relay, cluster string, trial facts.Trial) {
		s := &stand{replica: name, deaf: deaf, pod: &corev1.Pod{Status: corev1.PodStatus{PodIP: "10.0.0.7"}}}
		r := &run{Options: Options{Deployment: d}, stands: []*stand{s}, result: &Result{Trial: facts.Trial{}}}
		p := r.peer(s)
		return p.Relay, p.Cluster, r.result.Trial
	}

	relay, cluster, trial := ask(nil)
	assert.Equal(t, "http://10.0.0.7:8080", relay)
	assert.Equal(t, "10.0.0.7", cluster)
	assert.Empty(t, trial.Untried)

	relay, cluster, trial = ask(map[string]string{"0.0.0.0:8080": "address already in use", "10.0.0.7:6222": "permission denied"})
	assert.Empty(t, relay)
	assert.Empty(t, cluster)
	require.Len(t, trial.Untried, 2)
	assert.Equal(t, "coder-0: the agent in its place cannot listen on 0.0.0.0:8080: address already in use", trial.Untried[0].Reason)
	assert.Equal(t, facts.RelayAddress, trial.Untried[0].What)
	assert.Equal(t, "coder-0: the agent in its place cannot listen on 10.0.0.7:6222: permission denied", trial.Untried[1].Reason)

	relay, _, _ = ask(map[string]string{"0.0.0.0:8443": "no certificate"})
	assert.NotEmpty(t, relay, "the relay is at another port")
}

// TestAnAgentBesideReplicasListensForNobody: on the network of a node its port would
// be that of a replica that runs.
func TestAnAgentBesideReplicasListensForNobody(t *testing.T) {
	t.Parallel()
	const name = "coder-0"
	address := deployment.Value{State: deployment.Known, Text: "0.0.0.0:8080"}
	host := deployment.Value{State: deployment.Known, Text: deployment.Symbol(deployment.FieldPodIP, name)}
	d := &deployment.Deployment{Replicas: []deployment.Replica{{Name: name, Variables: map[string]deployment.Value{
		coder.HTTPAddress: address, coder.ClusterHost: host,
	}}}}
	s := &stand{replica: name, pod: &corev1.Pod{Status: corev1.PodStatus{PodIP: "10.0.0.7"}}}
	alone := (&run{Options: Options{Deployment: d}}).begin(s)
	assert.Equal(t, []agent.Listener{{Address: "0.0.0.0:8080"}}, alone.Listeners)
	assert.Equal(t, "10.0.0.7", alone.ClusterHost)
	beside := (&run{Options: Options{Deployment: d, Beside: true}}).begin(s)
	assert.Empty(t, beside.Listeners)
	assert.Empty(t, beside.ClusterHost)
}
