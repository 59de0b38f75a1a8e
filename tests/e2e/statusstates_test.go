package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// TestStatusOfWhatIsWrong puts one thing after another wrong with a release.
func TestStatusOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.install(3)
	w.waitMesh(3)
	s := &wrongs{world: w, url: w.tunnel()}
	s.screen(0, "All is well", s.text())
	s.drains()
	s.foreignAndStale()
	s.cutOff()
	s.halfUpdated()
	s.crashing()
}

// wrongs are what is put wrong, and how status sees it.
type wrongs struct {
	*world
	url string
}

// text is the screen of status.
func (s *wrongs) text(args ...string) string {
	s.t.Helper()
	output, _ := s.plugin(s.cluster.Kubeconfig, append([]string{"status", release, "--namespace", s.ns, "--postgres-url-file", s.url}, args...)...)
	s.t.Logf("status %v:\n%s", args, output)
	return output
}

// screen compares a screen with that of the manual, but for what differs from run to
// run.
func (s *wrongs) screen(n int, what, text string) {
	s.t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "status.md"))
	require.NoError(s.t, err)
	blocks := screens.FindAllStringSubmatch(string(page), -1)
	require.Greater(s.t, len(blocks), n)
	want := blocks[n][1]
	assert.Equal(s.t, screenShape(want), screenShape(strings.ReplaceAll(text, s.ns, "coder")), "docs/status.md: %s", what)
}

var (
	screens = regexp.MustCompile("(?s)```text\n(.*?)```")
	// differing are ages, latencies, addresses, nodes, zones and counts.
	differing = regexp.MustCompile(`\b\d+(\.\d+)*( (ms|µs|s|m))?\b|\d+[smhd]\b|\S*node-\d+|zone-\d+|http://\S+`)
	// byChance are lines that one run has and another has not.
	byChance = regexp.MustCompile(`^ +event |postgres-latency|^\d+ passed|^~ not verified|^ +to verify`)
)

// screenShape is a screen without what differs from run to run.
func screenShape(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if byChance.MatchString(line) {
			continue
		}
		line, _, _ = strings.Cut(line, ", and ")
		line = strings.ReplaceAll(differing.ReplaceAllString(line, "N"), "coder-side", "db")
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

// until looks until what is found about a check holds words.
func (s *wrongs) until(id, words string) (last seen) {
	s.t.Helper()
	s.poll(time.Second, patience, id+" says "+words, func(context.Context) (bool, error) {
		last, _ = s.status(s.url)
		if message := last.found()[id]; !strings.Contains(message, words) {
			return false, fmt.Errorf("found %v", last.found())
		}
		return true, nil
	})
	return last
}

// waits waits with the plugin until the release is well.
func (s *wrongs) waits() {
	s.t.Helper()
	again, code := s.status(s.url, "--wait", "--timeout", "2m")
	require.Zero(s.t, code, again.text)
	again.quiet(s.t)
}

func (s *wrongs) exec(statement string) {
	s.t.Helper()
	require.NoError(s.t, s.database(s.t.Context(), func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, statement)
		return err
	}))
}

// drains looks at a replica that was told to go, once its endpoints know.
func (s *wrongs) drains() {
	require.NoError(s.t, s.client.CoreV1().Pods(s.ns).Delete(s.t.Context(), "coder-1", metav1.DeleteOptions{}))
	text := ""
	s.eventually("a replica that drains", func(context.Context) (bool, error) {
		text, _ = s.plugin(s.cluster.Kubeconfig, "status", release, "--namespace", s.ns, "--postgres-url-file", s.url)
		return strings.Contains(text, "coder: 2 ready endpoints, 1 not ready") && strings.Contains(text, "0 evictions allowed"), nil
	})
	s.screen(2, "A replica drains", text)
	s.waits()
}

// insertRow is a row as a replica writes it, updated some time ago.
const insertRow = `INSERT INTO replicas (id, created_at, started_at, updated_at, hostname, region_id, relay_address, database_latency, version, error, "primary", cluster_host, nats_port)
	VALUES (gen_random_uuid(), now() - interval '%[2]s', now() - interval '%[2]s', now() - interval '%[3]s', '%[1]s', 999, '%[4]s', 300, '%[5]s', '', true, '', 0)`

// foreignAndStale has rows of a replica of another deployment, and of two that were killed.
func (s *wrongs) foreignAndStale() {
	s.exec(fmt.Sprintf(insertRow, "other-0", "10 minutes", "0 seconds", "http://192.0.2.1:8080", images.Versions[0]))
	foreign, code := s.status(s.url)
	assert.Equal(s.t, 1, code, foreign.text)
	assert.Contains(s.t, foreign.found()["postgres-foreign-replicas"], "other-0")
	require.Len(s.t, foreign.Running.Rows.Foreign, 1)
	assert.Equal(s.t, "other-0", foreign.Running.Rows.Foreign[0].Hostname)
	s.exec(`DELETE FROM replicas WHERE hostname = 'other-0'`)

	s.exec(fmt.Sprintf(insertRow, "coder-1", "20 minutes", "10 minutes", "http://192.0.2.1:8080", images.Versions[0]))
	stale, code := s.status(s.url)
	assert.Zero(s.t, code, stale.text)
	assert.Equal(s.t, "coder-1 ended without saying so, once\n", stale.found()["replicas-stale"])
	assert.Equal(s.t, [2]int{3, 1}, [2]int{stale.Running.Rows.Live, stale.Running.Rows.Stale})
	s.exec(fmt.Sprintf(insertRow, "coder-1", "30 minutes", "20 minutes", "http://192.0.2.1:8080", images.Versions[0]))
	assert.Equal(s.t, "coder-1 ended without saying so, 2 times\n", s.until("replicas-stale", "2 times").found()["replicas-stale"])
	s.exec(`DELETE FROM replicas WHERE updated_at < now() - interval '1 minute'`)
	s.waits()
}

// cutOff keeps the others from one replica, which users still reach.
func (s *wrongs) cutOff() {
	stranger := networkingv1.NetworkPolicyPeer{
		NamespaceSelector: &metav1.LabelSelector{},
		PodSelector:       &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app.kubernetes.io/name", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"coder"}}}},
	}
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "cut-off"}, Spec: networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"statefulset.kubernetes.io/pod-name": "coder-2"}},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{stranger}}},
	}}
	policies := s.client.NetworkingV1().NetworkPolicies(s.ns)
	_, err := policies.Create(s.t.Context(), policy, metav1.CreateOptions{})
	require.NoError(s.t, err)
	// A policy is about new connections, and the next pods have no others.
	for _, name := range []string{"coder-0", "coder-1"} {
		require.NoError(s.t, s.client.CoreV1().Pods(s.ns).Delete(s.t.Context(), name, metav1.DeleteOptions{}))
	}
	s.eventually("the next pods", func(context.Context) (bool, error) { return countReady(s.replicas()) < 3, nil })
	s.waitReady(s.ns, replicaLabels, 3)
	s.until("relay-unreachable", "coder-0 does not reach coder-2")
	cut := s.until("relay-unreachable", "coder-1 does not reach coder-2")
	assert.Equal(s.t, 3, cut.Running.Ready, "for Kubernetes all is well")
	for _, pod := range cut.Running.Pods {
		if pod.Name == "coder-2" {
			assert.Empty(s.t, pod.Row.Error, "it reaches the others")
		} else {
			assert.Contains(s.t, pod.Row.Error, "ping sibling replica coder-2", pod.Name)
		}
	}
	s.screen(1, "The other replicas do not reach one", s.text())
	waiting, code := s.status(s.url, "--wait", "--timeout", "4s")
	assert.Equal(s.t, 124, code, waiting.text)
	require.NoError(s.t, policies.Delete(s.t.Context(), policy.Name, metav1.DeleteOptions{}))
	s.waits()
}

func (s *wrongs) patchSet(patch string) {
	s.t.Helper()
	_, err := s.client.AppsV1().StatefulSets(s.ns).Patch(s.t.Context(), "coder", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	require.NoError(s.t, err)
}

// last lets only the last pod have the newest form, and all lets each have it.
const (
	last = `{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}`
	all  = `{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}`
)

// halfUpdated stops an update after its first pod, and lets it go on while the plugin
// waits.
func (s *wrongs) halfUpdated() {
	s.patchSet(last)
	s.patchSet(fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"coder","image":"%s:%s"}]}}}}`, images.StandInRepository, images.Versions[1]))
	var half seen
	s.poll(time.Second, patience, "one pod of the new version", func(context.Context) (bool, error) {
		half, _ = s.status(s.url)
		return len(half.Running.Pods) == 3 && half.Running.Ready == 3 && half.Running.Pods[2].Version == images.Versions[1], nil
	})
	assert.False(s.t, half.Running.Settled)
	assert.Equal(s.t, images.Versions[0], half.Running.Pods[0].Version)
	assert.Contains(s.t, half.skipped("replicas-version-skew"), "an update goes on")
	s.text()

	wait := s.pluginCommand(s.cluster.Kubeconfig, "status", release, "--namespace", s.ns, "--postgres-url-file", s.url, "--wait", "--timeout", "2m")
	var output, said bytes.Buffer
	wait.Stdout, wait.Stderr = &output, &said
	require.NoError(s.t, wait.Start())
	s.patchSet(all)
	require.NoError(s.t, wait.Wait(), output.String())
	assert.Contains(s.t, output.String(), "3 of 3 replicas ready\n")
	assert.Equal(s.t, 3, strings.Count(output.String(), images.Versions[1]), output.String())
	assert.Contains(s.t, said.String(), "waiting: ")
}

// crashing has a last pod that does not start, and interrupts the plugin that waits.
func (s *wrongs) crashing() {
	s.patchSet(last)
	s.patchSet(`{"spec":{"template":{"spec":{"containers":[{"name":"coder","env":[{"name":"CODER_ACCESS_URL","value":"coder.example.com"}]}]}}}}`)
	crash := s.until("replicas-not-ready", "coder-2 is not ready: CrashLoopBackOff")
	assert.Equal(s.t, 2, crash.Running.Ready)
	require.Len(s.t, crash.Running.Budgets, 1)
	assert.Zero(s.t, crash.Running.Budgets[0].Allowed, "one more would be one too many")
	for _, service := range crash.Running.Services {
		if service.Name == "coder" {
			assert.Equal(s.t, []string{"coder-0", "coder-1"}, service.Ready)
			assert.Equal(s.t, []string{"coder-2"}, service.NotReady)
		}
	}
	s.text()

	wait := s.pluginCommand(s.cluster.Kubeconfig, "status", release, "--namespace", s.ns, "--postgres-url-file", s.url, "--wait")
	said, err := wait.StderrPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, wait.Start())
	line := make([]byte, 64)
	_, err = said.Read(line)
	require.NoError(s.t, err)
	assert.Contains(s.t, string(line), "coder-ha: waiting: 2 of 3 replicas ready")
	begin := time.Now()
	require.NoError(s.t, wait.Process.Signal(syscall.SIGINT))
	require.Error(s.t, wait.Wait())
	assert.Equal(s.t, 130, wait.ProcessState.ExitCode())
	assert.Less(s.t, time.Since(begin), 2*time.Second)
}
