package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// preflightName is that of the Job of coder.preflight, and of all that it uses.
const preflightName = "coder-preflight"

// preflight are values that turn the preflight on, and others.
func preflight(values ...string) []string {
	return append([]string{"coder.preflight.enabled=true", "coder.preflight.image=" + images.Agent, "coder.replicaCount=2"}, values...)
}

// helmSays runs helm install or upgrade with values, and gives all that it prints.
func (w *world) helmSays(command string, values ...string) (string, error) {
	w.t.Helper()
	options := w.options()
	args := []string{release, chart(), "--timeout", "4m", "--values", filepath.Join("testdata", "values.yaml")}
	for path, value := range options.SetValues {
		args = append(args, "--set", path+"="+value)
	}
	for _, value := range values {
		args = append(args, "--set", value)
	}
	return helm.RunHelmCommandAndGetOutputE(w.t, options, command, args...)
}

// preflightLog is the log of the Job, as kubectl logs gives it.
func (w *world) preflightLog() string {
	w.t.Helper()
	pods := w.podsWith("job-name=" + preflightName)
	require.Len(w.t, pods, 1)
	log, err := w.client.CoreV1().Pods(w.ns).GetLogs(pods[0].Name, &corev1.PodLogOptions{}).DoRaw(w.t.Context())
	require.NoError(w.t, err)
	return string(log)
}

// onlyTheJobIsLeft holds that of the preflight its Job stays, which has no rights, and
// nothing of its pods.
func (w *world) onlyTheJobIsLeft() {
	w.t.Helper()
	w.nothingLeft()
	ctx, name := w.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + preflightName}
	jobs, err := w.client.BatchV1().Jobs(w.ns).List(ctx, metav1.ListOptions{})
	require.NoError(w.t, err)
	require.Len(w.t, jobs.Items, 1)
	assert.Equal(w.t, preflightName, jobs.Items[0].Name)
	accounts, err := w.client.CoreV1().ServiceAccounts(w.ns).List(ctx, name)
	require.NoError(w.t, err)
	assert.Empty(w.t, accounts.Items)
	secrets, err := w.client.CoreV1().Secrets(w.ns).List(ctx, name)
	require.NoError(w.t, err)
	assert.Empty(w.t, secrets.Items)
	roles, err := w.client.RbacV1().Roles(w.ns).List(ctx, name)
	require.NoError(w.t, err)
	assert.Empty(w.t, roles.Items)
	bindings, err := w.client.RbacV1().RoleBindings(w.ns).List(ctx, name)
	require.NoError(w.t, err)
	assert.Empty(w.t, bindings.Items)
}

// TestThePreflightEndsAReleaseThatCannotWork installs with a wrong relay URL, and with
// a database that is not there: nothing of the release is made.
func TestThePreflightEndsAReleaseThatCannotWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	for _, c := range []struct{ helm, name, value, finding string }{
		{"3", "CODER_DERP_SERVER_RELAY_URL", "http://$(KUBE_POD_IP):3000", "connection refused"},
		{"4", "CODER_PG_CONNECTION_URL", "postgres://coder:hunter2hunter@postgres." + w.ns + ".svc.cluster.local:5432/coder", "no such host"},
	} {
		w.helm = c.helm
		output, err := w.helmSays("install", preflight("coder.env[1].name="+c.name, "coder.env[1].value="+c.value)...)
		require.Error(t, err, c.name)
		log := w.preflightLog()
		assert.Contains(t, log, c.finding)
		assert.Contains(t, log, "Result: failed")
		assert.NotContains(t, log, "hunter2")
		assert.Contains(t, output+err.Error(), c.finding, "Helm %s prints the log", c.helm)

		sets, err := w.client.AppsV1().StatefulSets(w.ns).List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		assert.Empty(t, sets.Items)
		services, err := w.client.CoreV1().Services(w.ns).List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		assert.Empty(t, services.Items)
		w.onlyTheJobIsLeft()
		helm.Delete(t, w.options(), release, true)
	}
}

// TestThePreflightLetsARightReleaseIn installs in a namespace that blocks what no
// policy allows, and upgrades there.
func TestThePreflightLetsARightReleaseIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	_, err := w.client.NetworkingV1().NetworkPolicies(w.ns).Create(t.Context(), &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "nothing"},
		Spec:       networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	values := preflight("coder.networkPolicy.enable=true")

	w.helm = "4"
	output, err := w.helmSays("install", values...)
	require.NoError(t, err, output)
	assert.Contains(t, output, "kubectl logs job/"+preflightName+" -n "+w.ns)
	assert.Contains(t, w.preflightLog(), "the NetworkPolicies of the input may not be in the cluster yet")
	w.waitReady(w.ns, replicaLabels, 2)
	w.onlyTheJobIsLeft()

	output, err = w.helmSays("upgrade", values...)
	require.NoError(t, err, output)
	log := w.preflightLog()
	assert.NotContains(t, log, "may not be in the cluster yet", "the policies of the release are there")
	assert.Contains(t, log, "relay URLs answer and change to DERP: 2 of 2, from 2 replicas")
	w.onlyTheJobIsLeft()
}

// TestThePreflightOfAnUpgradeDisturbsNobody has a load on the replicas meanwhile. The
// upgrade changes nothing of theirs.
func TestThePreflightOfAnUpgradeDisturbsNobody(t *testing.T) {
	w := newWorld(t, shared)
	w.install(2)
	before := w.replicas()
	requests := w.startLoad()
	defer requests.stop()
	output, err := w.helmSays("upgrade", preflight()...)
	require.NoError(t, err, output)
	report := requests.afterRequests(50)
	assert.Zero(t, report.Errors, "no request was lost")
	after := w.replicas()
	require.Len(t, after, len(before))
	for i := range after {
		assert.Equal(t, before[i].UID, after[i].UID)
	}
	log := w.preflightLog()
	assert.Contains(t, log, "Result: passed")

	output, err = w.helmSays("upgrade", preflight("coder.env[1].name=CODER_DERP_SERVER_RELAY_URL", "coder.env[1].value=http://$(KUBE_POD_IP):3000")...)
	require.Error(t, err, output)
	w.eventually("the replicas as they were", func(context.Context) (bool, error) {
		now := w.replicas()
		return len(now) == 2 && now[0].UID == before[0].UID && podReady(&now[0]), nil
	})
	_, err = helm.RunHelmCommandAndGetOutputE(t, w.options(), "rollback", release)
	require.NoError(t, err, "a rollback runs no preflight")
	assert.Contains(t, w.preflightLog(), "Result: failed", "the Job is that of the upgrade")
}
