package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// documented is the service account that docs/rbac.yaml is for, and its Role.
const documented = "coder-ha"

// TestTheDocumentedRightsAreEnough gives a user what docs/rbac.yaml and
// docs/rbac-nodes.yaml grant, and runs the commands of docs/security.md as that user:
// nothing is lacking. Without one of the rights to read, the output names it.
func TestTheDocumentedRightsAreEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.install(2)
	kubeconfig := w.kubeconfigOf(documented)
	page, err := os.ReadFile(filepath.Join(root, "docs", "rbac.yaml"))
	require.NoError(t, err)
	w.kubectl(string(page), "apply", "-f", "-")
	w.grantNodes()
	run := func() string {
		status, _ := w.plugin(kubeconfig, "status", release, "--namespace", w.ns, "--verbose")
		validate, _ := w.validate(kubeconfig, "--set", "coder.replicaCount=2", "--dry-run=server", "--verbose")
		return status + validate
	}
	names := func(one right) func(context.Context) (bool, error) {
		return func(context.Context) (bool, error) {
			return strings.Contains(run(), "lacks the verb "+one.verb+" on "+one.resource), nil
		}
	}
	w.eventually("a run that lacks no right", func(context.Context) (bool, error) {
		output := run()
		if strings.Contains(output, "lacks") {
			return false, fmt.Errorf("%s", output)
		}
		return true, nil
	})

	inside, _ := w.plugin(kubeconfig, "status", release, "--namespace", w.ns, "--in-cluster", "--verbose")
	assert.NotContains(t, inside, "lacks")
	assert.Contains(t, inside, " ms from a pod beside coder-0; schema ")
	w.nothingLeft()

	// What --in-cluster needs is granted apart, and is some of the same.
	w.kubectl("", "delete", "rolebinding", documented+"-in-cluster")
	groups, err := w.client.Discovery().ServerGroups()
	require.NoError(t, err)
	whole, err := w.client.RbacV1().Roles(w.ns).Get(t.Context(), documented, metav1.GetOptions{})
	require.NoError(t, err)
	for _, right := range rightsOf(whole) {
		known := slices.ContainsFunc(groups.Groups, func(g metav1.APIGroup) bool { return g.Name == right.group })
		// No ConfigMap has the database URL of this release.
		if !known || right.resource == "configmaps" {
			continue
		}
		w.setRules(documented, right.without(whole.Rules))
		w.eventually(fmt.Sprintf("the name of the right that is missing, %v", right), names(right))
	}
	w.setRules(documented, whole.Rules)
	for _, right := range []right{{"", "nodes", "list"}, {"", "namespaces", "get"}} {
		back := w.takeFromNodes(right)
		w.eventually(fmt.Sprintf("the name of the right that is missing, %v", right), names(right))
		back()
	}
}

// right is one verb on one resource.
type right struct{ group, resource, verb string }

// rightsOf are those of a Role, one by one.
func rightsOf(role *rbacv1.Role) []right {
	var all []right
	for _, rule := range role.Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, right{group, resource, verb})
				}
			}
		}
	}
	return all
}

// without are the rules that grant all but this right.
func (r right) without(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	var less []rbacv1.PolicyRule
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					if (right{group, resource, verb}) != r {
						less = append(less, rbacv1.PolicyRule{
							APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}, ResourceNames: rule.ResourceNames,
						})
					}
				}
			}
		}
	}
	return less
}

// grantNodes grants what docs/rbac-nodes.yaml does, under names of this test, for they
// are in no namespace.
func (w *world) grantNodes() {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "rbac-nodes.yaml"))
	require.NoError(w.t, err)
	page := strings.ReplaceAll(string(text), "coder-ha-nodes", w.ns)
	page = strings.ReplaceAll(page, "namespace: coder\n", "namespace: "+w.ns+"\n")
	w.kubectl(page, "apply", "-f", "-")
	w.t.Cleanup(func() {
		ctx := context.WithoutCancel(w.t.Context())
		assert.NoError(w.t, w.client.RbacV1().ClusterRoleBindings().Delete(ctx, w.ns, metav1.DeleteOptions{}))
		assert.NoError(w.t, w.client.RbacV1().ClusterRoles().Delete(ctx, w.ns, metav1.DeleteOptions{}))
	})
}

// takeFromNodes takes one of those rights away, until back is called.
func (w *world) takeFromNodes(one right) (back func()) {
	w.t.Helper()
	roles := w.client.RbacV1().ClusterRoles()
	role, err := roles.Get(w.t.Context(), w.ns, metav1.GetOptions{})
	require.NoError(w.t, err)
	whole := role.Rules
	set := func(rules []rbacv1.PolicyRule) {
		role.Rules = rules
		role, err = roles.Update(w.t.Context(), role, metav1.UpdateOptions{})
		require.NoError(w.t, err)
	}
	set(one.without(whole))
	return func() { set(whole) }
}

// kubeconfigOf is that of a service account that is made for it, without any rights.
func (w *world) kubeconfigOf(account string) string {
	w.t.Helper()
	config, err := clientcmd.LoadFromFile(w.cluster.Kubeconfig)
	require.NoError(w.t, err)
	config.AuthInfos[account] = &clientcmdapi.AuthInfo{Token: w.tokenOf(account)}
	config.Contexts[config.CurrentContext].AuthInfo = account
	path := filepath.Join(w.t.TempDir(), "kubeconfig")
	require.NoError(w.t, clientcmd.WriteToFile(*config, path))
	return path
}

// tokenOf is that of a service account that is made for it.
func (w *world) tokenOf(account string) string {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.client.CoreV1().ServiceAccounts(w.ns).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{})
	require.NoError(w.t, err)
	token, err := w.client.CoreV1().ServiceAccounts(w.ns).CreateToken(ctx, account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(w.t, err)
	return token.Status.Token
}
