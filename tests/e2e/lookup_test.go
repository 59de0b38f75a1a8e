package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// judged is what the plugin's report says, but for where it was read.
type judged struct {
	Deployment struct {
		Replicas []map[string]string
	}
	Checks []struct {
		ID, Status, SkipReason, SkipProof string
	}
}

// ofCharts are the checks of how a chart is rendered, which manifests do not show.
var ofCharts = []string{"render-lookup-open", "values-misplaced"}

// status are the verdicts on what is rendered.
func (j judged) status() map[string]string {
	out := map[string]string{}
	for _, check := range j.Checks {
		if !slices.Contains(ofCharts, check.ID) {
			out[check.ID] = check.Status
		}
	}
	return out
}

// site is testdata/site with the chart of this repository put in, as
// `helm dependency build` does.
func (w *world) site() string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "site")
	require.NoError(w.t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "site"))))
	require.NoError(w.t, os.CopyFS(filepath.Join(dir, "charts", "coder"), os.DirFS(chart())))
	return dir
}

func (w *world) judge(kubeconfig string, args ...string) (judged, string, int) {
	w.t.Helper()
	output, code := w.plugin(kubeconfig, append([]string{"validate", "--namespace", w.ns, "--output", "json"}, args...)...)
	var out judged
	begin := strings.Index(output, "{")
	require.GreaterOrEqual(w.t, begin, 0, output)
	require.NoError(w.t, json.NewDecoder(strings.NewReader(output[begin:])).Decode(&out), output)
	return out, output, code
}

// installed is what `helm install --dry-run=server` would install, in a file.
func (w *world) installed(chart string) string {
	w.t.Helper()
	options := w.options()
	options.ValuesFiles, options.SetValues = nil, nil
	text, err := helm.RunHelmCommandAndGetStdOutE(w.t, options, "install", release, chart, "--dry-run=server", "--output", "json")
	require.NoError(w.t, err)
	var rendered struct{ Manifest string }
	require.NoError(w.t, json.Unmarshal([]byte(text), &rendered))
	path := filepath.Join(w.t.TempDir(), "installed.yaml")
	require.NoError(w.t, os.WriteFile(path, []byte(rendered.Manifest), 0o600))
	return path
}

// TestValidateLooksUpWhatTheInstallLooksUp holds --dry-run=server to what
// `helm install --dry-run=server` renders on the same cluster.
func TestValidateLooksUpWhatTheInstallLooksUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	site := w.site()
	admin := w.cluster.Kubeconfig
	server := []string{release, site, "--dry-run=server"}

	alone, output, code := w.judge(admin, release, site)
	assert.Equal(t, 1, code, output)
	assert.Equal(t, "failed", alone.status()["access-url-loopback"], "without the cluster a lookup finds nothing")

	absent, output, code := w.judge(admin, server...)
	assert.Equal(t, 1, code, output)
	assert.Equal(t, "failed", absent.status()["access-url-loopback"], "there is nothing to find yet")

	_, err := w.client.CoreV1().ConfigMaps(w.ns).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "site"}, Data: map[string]string{"host": "coder.example.com"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	found, output, code := w.judge(admin, append(server, "--strict", "--pod-ip-family", "ipv4", "--skip", strings.Join(w.unreached(), ","))...)
	assert.Zero(t, code, output)
	assert.Equal(t, "passed", found.status()["access-url-loopback"], "the verdict follows the live object")
	assert.Equal(t, "https://coder.example.com", found.Deployment.Replicas[0]["accessURL"])

	found, _, _ = w.judge(admin, server...)
	for _, major := range []string{"3", "4"} {
		w.helm = major
		theirs, output, _ := w.judge(admin, "--manifest", w.installed(site))
		assert.Equal(t, theirs.Deployment, found.Deployment, "Helm %s: %s", major, output)
		assert.Equal(t, theirs.status(), found.status(), "Helm %s: %s", major, output)
	}

	again, _, _ := w.judge(admin, release, site)
	assert.Equal(t, alone.status(), again.status(), "without --dry-run=server the cluster has no say")
}

// unreached are the checks that want a database, which only the cluster
// reaches.
func (w *world) unreached() []string {
	w.t.Helper()
	all, _, _ := w.judge(w.cluster.Kubeconfig, release, chart())
	var ids []string
	for _, check := range all.Checks {
		if check.Status == "skipped" && check.SkipProof != "" {
			ids = append(ids, check.ID)
		}
	}
	return ids
}

// TestValidateHasTheClustersCapabilities asks for the cluster's own version and
// APIs.
func TestValidateHasTheClustersCapabilities(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	version, err := w.client.Discovery().ServerVersion()
	require.NoError(t, err)
	site := w.site()
	args := []string{"validate", release, site, "--namespace", w.ns, "--set", "tell=true", "--kube-version", "1.29.0"}

	output, code := w.plugin(w.cluster.Kubeconfig, args...)
	assert.Equal(t, 1, code, "the loopback address is found all the same: %s", output)
	assert.Contains(t, output, "caps: v1.29.0 false true")

	output, code = w.plugin(w.cluster.Kubeconfig, append(args, "--dry-run=server")...)
	assert.Equal(t, 1, code, "the loopback address is found all the same: %s", output)
	assert.Contains(t, output, "caps: "+version.GitVersion+" true false")
	assert.Contains(t, output, "--kube-version and --api-versions are ignored")

	options := w.options()
	options.ValuesFiles, options.SetValues = nil, nil
	theirs, err := helm.RunHelmCommandAndGetOutputE(t, options, "install", release, site, "--dry-run=server", "--set", "tell=true")
	require.Error(t, err)
	assert.Contains(t, theirs, "caps: "+version.GitVersion+" true false", "Helm says the same")
}

// TestValidateHidesTheSecretsThatItLooksUp makes the access URL of a Secret.
func TestValidateHidesTheSecretsThatItLooksUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	site := w.site()
	_, err := w.client.CoreV1().Secrets(w.ns).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "site"}, StringData: map[string]string{"host": "HIDDEN-host.example.com"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	for _, format := range []string{"text", "json"} {
		output, code := w.plugin(w.cluster.Kubeconfig, "validate", release, site, "--namespace", w.ns, "--dry-run=server", "--output", format)
		assert.Zero(t, code, output)
		assert.Contains(t, output, "(from a Secret)")
		assert.NotContains(t, strings.ToLower(output), "hidden-host")
	}
}

// TestValidateNamesTheLookupsThatItMayNotMake gives a user less than the chart
// looks up.
func TestValidateNamesTheLookupsThatItMayNotMake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	site := w.site()
	limited := w.kubeconfigOf("limited")
	args := []string{release, site, "--dry-run=server"}

	found, output, code := w.judge(limited, args...)
	assert.Zero(t, code, output)
	for _, right := range []string{"get on configmaps", "get on secrets", "list on poddisruptionbudgets.policy"} {
		assert.Contains(t, output, "this user lacks the verb "+right+" in namespace "+w.ns)
	}
	assert.Equal(t, "skipped", found.status()["access-url-loopback"], "it depends on the lookup: neither passed nor failed")
	assert.Equal(t, "passed", found.status()["relay-url-missing"], "the rest goes on")
	assert.Equal(t, "passed", found.status()["relay-url-shared"])

	_, output, code = w.judge(limited, append(args, "--strict")...)
	assert.Equal(t, 1, code, output)

	w.grant("limited",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps", "secrets"}, Verbs: []string{"get"}},
		// The chart looks for another disruption budget over its pods.
		rbacv1.PolicyRule{APIGroups: []string{"policy"}, Resources: []string{"poddisruptionbudgets"}, Verbs: []string{"list"}},
	)
	w.eventually("the granted rights", func(context.Context) (bool, error) {
		found, output, _ := w.judge(limited, args...)
		return found.status()["access-url-loopback"] == "failed" && !strings.Contains(output, "this user lacks"), nil
	})
}

// grant gives a service account rights in the release's namespace.
func (w *world) grant(account string, rules ...rbacv1.PolicyRule) {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.client.RbacV1().Roles(w.ns).Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: account}, Rules: rules}, metav1.CreateOptions{})
	require.NoError(w.t, err)
	_, err = w.client.RbacV1().RoleBindings(w.ns).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: account},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: w.ns}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: account},
	}, metav1.CreateOptions{})
	require.NoError(w.t, err)
}
