package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// missed are the rights of the Role for --in-cluster, each with what the plugin says
// where it alone is missing. For pods/exec, the one verb or the other is enough, by the
// version of Kubernetes.
var missed = map[right]trial{
	{"batch", "jobs", "create"}:                      {fault: "No right to create Jobs"},
	{"", "pods/portforward", "create"}:               {fault: "No right to create pods/portforward, and an image of agents", args: []string{"--agent-image", images.Agent}},
	deleteJobs:                                       {fault: "No right to delete Jobs", args: []string{"--timeout", "40s"}},
	{"", "pods", "list"}:                             {fault: "No right to list pods"},
	{"", "pods/exec", "create"}:                      {},
	{"", "pods/exec", "get"}:                         {},
	{"", "services", "list"}:                         {fault: "No right to list Services"},
	{"policy", "poddisruptionbudgets", "list"}:       {fault: "No right to list PodDisruptionBudgets"},
	{"", "serviceaccounts", "get"}:                   {fault: "No right to get service accounts"},
	{"", "events", "list"}:                           {fault: "No right to list events, and a pod that is not made", args: asRoot},
	{"", "nodes", "get"}:                             {fault: "No right to get nodes"},
	{"networking.k8s.io", "networkpolicies", "list"}: {fault: "No right to list NetworkPolicies"},
}

// deleteJobs is the right without which a run cannot clear up.
var deleteJobs = right{"batch", "jobs", "delete"}

// asRoot is refused where Pod Security is restricted.
var asRoot = []string{"--set", "coder.securityContext.runAsNonRoot=false", "--set", "coder.securityContext.runAsUser=0"}

// TestEachRightForPodsIsNamedWhereItIsMissing has a user with the Role of docs/rbac.yaml
// for --in-cluster and no other: nothing is lacking. Then it takes the rights away, one
// at a time.
func TestEachRightForPodsIsNamedWhereItIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	kubeconfig := w.kubeconfigOf(documented)
	page, err := os.ReadFile(filepath.Join(root, "docs", "rbac.yaml"))
	require.NoError(t, err)
	w.kubectl(string(page), "apply", "-f", "-")
	w.kubectl("", "delete", "rolebinding", documented)
	w.grantNodes()
	roles := w.client.RbacV1().Roles(w.ns)
	role, err := roles.Get(t.Context(), documented+"-in-cluster", metav1.GetOptions{})
	require.NoError(t, err)
	all := rightsOf(role)
	for _, one := range all {
		w.may(documented, one, true)
	}
	r := w.rehearse(kubeconfig)
	assert.NotContains(t, r.text, "lacks")
	w.judgedAll(r)

	without := func(one right) {
		known, ok := missed[one]
		require.True(t, ok, "a right of docs/rbac.yaml that no test takes away: %v", one)
		w.setRules(role.Name, one.without(role.Rules))
		w.may(documented, one, false)
		r := w.rehearse(kubeconfig, known.args...)
		if known.fault == "" {
			w.judgedAll(r)
			return
		}
		tells(t, known.fault, r.text)
	}
	for _, one := range all {
		if one != deleteJobs {
			without(one)
		}
	}
	w.nothingLeft()

	exec := right{"", "pods/exec", "create"}
	w.setRules(role.Name, right{"", "pods/exec", "get"}.without(exec.without(role.Rules)))
	w.may(documented, exec, false)
	tells(t, "No right to create pods/exec", w.rehearse(kubeconfig).text)

	w.setRules(role.Name, role.Rules)
	w.may(documented, exec, true)
	nodes := right{"", "nodes", "get"}
	back := w.takeFromNodes(nodes)
	w.may(documented, nodes, false)
	tells(t, missed[nodes].fault, w.rehearse(kubeconfig).text)
	back()

	// What the user may not remove is left to the cluster.
	without(deleteJobs)
	w.whenGone()
}

// judgedAll says that all was verified which pods can tell, but for times: this machine
// may be busy.
func (w *world) judgedAll(r rehearsed) {
	w.t.Helper()
	require.Len(w.t, r.Positions, 3, r.text)
	for _, id := range []string{"postgres-unreachable", "relay-unreachable", "cluster-port-unreachable", "postgres-clock-skew"} {
		status, said := r.check(id)
		assert.Equal(w.t, "passed", status, "%s: %s", id, said)
	}
}

// setRules changes what a Role grants.
func (w *world) setRules(name string, rules []rbacv1.PolicyRule) {
	w.t.Helper()
	roles := w.client.RbacV1().Roles(w.ns)
	role, err := roles.Get(w.t.Context(), name, metav1.GetOptions{})
	require.NoError(w.t, err)
	role.Rules = rules
	_, err = roles.Update(w.t.Context(), role, metav1.UpdateOptions{})
	require.NoError(w.t, err)
}

// may waits until the API server lets a service account do a thing, or no longer.
func (w *world) may(account string, one right, may bool) {
	w.t.Helper()
	resource, subresource, _ := strings.Cut(one.resource, "/")
	asked := authorizationv1.ResourceAttributes{
		Namespace: w.ns, Group: one.group, Resource: resource, Subresource: subresource, Verb: one.verb,
	}
	if resource == "nodes" {
		asked.Namespace = ""
	}
	w.eventually(fmt.Sprintf("%s, %v: %t", account, one, may), func(ctx context.Context) (bool, error) {
		review, err := w.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
			Spec: authorizationv1.SubjectAccessReviewSpec{
				User: "system:serviceaccount:" + w.ns + ":" + account, Groups: []string{"system:serviceaccounts"}, ResourceAttributes: &asked,
			},
		}, metav1.CreateOptions{})
		return err == nil && review.Status.Allowed == may, err
	})
}
