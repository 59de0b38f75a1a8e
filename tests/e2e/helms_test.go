package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// TestBothHelmsHandTheClusterOver installs the plugin into Helm 3 and Helm 4, and names
// the cluster in each way that they have: what they take from the command line, they
// hand to the plugin in its environment.
func TestBothHelmsHandTheClusterOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.install(2)
	t.Run("side by side", func(t *testing.T) {
		for _, major := range []string{"3", "4"} {
			t.Run("Helm "+major, func(t *testing.T) {
				t.Parallel()
				w.within(t).provesHandover(major)
			})
		}
	})
	w.nothingLeft()
}

// elsewhere is a context whose cluster nobody runs.
const elsewhere = "elsewhere"

func (w *world) provesHandover(major string) {
	w.t.Helper()
	home := w.t.TempDir()
	run := func(env []string, args ...string) command.Result {
		w.t.Helper()
		result, err := command.Command{Path: helmBinary(major), Args: args, Env: command.Environment(home, env...)}.Run(w.t.Context())
		require.NoError(w.t, err)
		assert.NotContains(w.t, result.Stdout+result.Stderr, "e2e-password")
		return result
	}
	installed := run(nil, "plugin", "install", filepath.Join(root, "plugin"))
	require.Zero(w.t, installed.Code, installed.Stderr)

	sees := func(got command.Result) {
		w.t.Helper()
		var s seen
		require.NoError(w.t, json.Unmarshal([]byte(got.Stdout), &s), got.Stdout+got.Stderr)
		assert.Equal(w.t, [2]int{2, 2}, [2]int{s.Running.Ready, len(s.Running.Pods)}, got.Stderr)
	}
	config, err := clientcmd.LoadFromFile(w.cluster.Kubeconfig)
	require.NoError(w.t, err)
	here, user := config.CurrentContext, config.Contexts[config.CurrentContext].AuthInfo
	cluster := config.Clusters[config.Contexts[here].Cluster]

	// The flags win over what the file says.
	config.Clusters[elsewhere] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:1"}
	config.Contexts[elsewhere] = &clientcmdapi.Context{Cluster: elsewhere, AuthInfo: user}
	config.CurrentContext = elsewhere
	flagged := filepath.Join(home, "flagged")
	require.NoError(w.t, clientcmd.WriteToFile(*config, flagged))
	flags := []string{"--kubeconfig", flagged, "--kube-context", here, "--namespace", w.ns}
	sees(run(nil, append([]string{"coder-ha", "status", release, "--output", "json"}, flags...)...))
	sees(run(nil, append(flags, "coder-ha", "status", release, "--output", "json")...))

	// So does HELM_KUBECONTEXT; and the namespace is that of the context.
	config.Contexts[here].Namespace = w.ns
	require.NoError(w.t, clientcmd.WriteToFile(*config, flagged))
	sees(run([]string{"KUBECONFIG=" + flagged, "HELM_KUBECONTEXT=" + here}, "coder-ha", "status", release, "--output", "json"))

	// No kubeconfig at all.
	ca := filepath.Join(home, "ca.crt")
	require.NoError(w.t, os.WriteFile(ca, cluster.CertificateAuthorityData, 0o600))
	account := "helm" + major
	token := w.tokenOf(account)
	w.kubectl("", "create", "rolebinding", account, "--clusterrole=cluster-admin", "--serviceaccount="+w.ns+":"+account)
	w.may(account, right{"", "pods", "list"}, true)
	sees(run(nil, "coder-ha", "status", release, "--output", "json", "--namespace", w.ns,
		"--kube-apiserver", cluster.Server, "--kube-ca-file", ca, "--kube-token", token))

	// As another user, who may do nothing.
	got := run(nil, append(flags, "coder-ha", "status", release, "--kube-as-user", "system:serviceaccount:"+w.ns+":nobody")...)
	assert.Equal(w.t, 2, got.Code, got.Stdout)
	assert.Contains(w.t, got.Stderr, "lacks the verb list on")

	got = run(nil, append(flags, append([]string{"coder-ha"}, w.rehearsal()...)...)...)
	require.LessOrEqual(w.t, got.Code, 1, got.Stderr)
	w.judgedAll(w.rehearsed(got.Stdout))
}

// TestInAPodTheServiceAccountIsEnough runs the plugin in a pod that has the documented
// rights and no kubeconfig.
func TestInAPodTheServiceAccountIsEnough(t *testing.T) {
	if !breaks(t, shared) {
		return
	}
	t.Parallel()
	w := newWorld(t, shared)
	w.allow("privileged")
	w.install(2)
	w.kubeconfigOf(documented)
	page, err := os.ReadFile(filepath.Join(root, "docs", "rbac.yaml"))
	require.NoError(t, err)
	w.kubectl(string(page), "apply", "-f", "-")
	w.grantNodes()

	folder := filepath.Join(w.cluster.SharedDir(), w.ns)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.CopyFS(filepath.Join(folder, "chart"), os.DirFS(chart())))
	for name, from := range map[string]string{"coder-ha": pluginBinary(), "values.yaml": filepath.Join("testdata", "values.yaml")} {
		text, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o755))
	}
	w.kubectl(`
apiVersion: v1
kind: Pod
metadata: {name: ci}
spec:
  serviceAccountName: `+documented+`
  terminationGracePeriodSeconds: 1
  containers:
    - name: ci
      image: docker.io/coder-ha/load:1
      imagePullPolicy: Never
      volumeMounts: [{name: files, mountPath: /files}]
  volumes: [{name: files, hostPath: {path: `+folder+`}}]
`, "apply", "-f", "-")
	w.kubectl("", "wait", "--for=condition=Ready", "pod/ci", "--timeout=1m")

	var s seen
	require.NoError(t, json.Unmarshal([]byte(w.kubectl("", "exec", "ci", "--", "/files/coder-ha", "status", release, "--output", "json")), &s))
	assert.Equal(t, 2, s.Running.Ready, "it finds the namespace too")
	assert.Equal(t, 2, s.Running.Rows.Live, "the database is reached from there")

	args := w.rehearsal()
	line := strings.ReplaceAll(strings.Join(args, "\n"), chart(), "/files/chart")
	line = strings.ReplaceAll(line, filepath.Join("testdata", "values.yaml"), "/files/values.yaml")
	line = strings.ReplaceAll(line, "--namespace\n"+w.ns+"\n", "")
	output := w.kubectl("", append([]string{"exec", "ci", "--", "/files/coder-ha"}, strings.Split(line, "\n")...)...)
	w.judgedAll(w.rehearsed(output))
	w.nothingLeft()

	// On the network of the nodes, each pod needs one for itself.
	helm.Delete(t, w.options(), release, true)
	w.waitReady(w.ns, replicaLabels, 0)
	hosts := w.rehearse(w.cluster.Kubeconfig, "--set", "coder.hostNetwork=true")
	w.judgedAll(hosts)
	w.nothingLeft()
}
