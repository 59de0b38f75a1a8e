package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// TestAnImageOfAgentsNeedsNoExec has a user who may start no program in a pod, in a
// namespace with Pod Security "restricted", and pods that can write nothing.
func TestAnImageOfAgentsNeedsNoExec(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	few := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"services", "pods"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"serviceaccounts"}, Verbs: []string{"get"}},
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"create", "delete"}},
	}
	forward := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods/portforward"}, Verbs: []string{"create"}}
	run := func(kubeconfig string) rehearsed {
		return w.rehearse(kubeconfig, "--agent-image", images.Agent, "--set", "coder.readOnlyRoot.enable=true")
	}
	lacks := func(kubeconfig, right string) bool {
		_, said := run(kubeconfig).check("relay-unreachable")
		return strings.Contains(said, "this user lacks "+right)
	}
	neither := w.kubeconfigOf("neither")
	w.grant("neither", few...)
	w.eventually("the name of the right that is missing", func(context.Context) (bool, error) {
		return lacks(neither, "the verb create on pods/portforward in namespace "+w.ns), nil
	})
	user := w.kubeconfigOf("without-exec")
	w.grant("without-exec", append(few, forward)...)
	w.eventually("the granted rights", func(context.Context) (bool, error) { return !lacks(user, ""), nil })

	r := run(user)
	w.nothingLeft()
	for _, id := range []string{"relay-unreachable", "cluster-port-unreachable", "postgres-unreachable", "relay-latency"} {
		status, said := r.check(id)
		assert.Equal(t, "passed", status, "%s: %s", id, said)
	}
	require.Len(t, r.Mesh, 6)
}
