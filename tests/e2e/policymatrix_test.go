package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/tools/clientcmd"
)

// policyCase is one of testdata/policy-cases.yaml.
type policyCase struct {
	Name string
	// Own says that the access URL is the replicas' own Service.
	Own      bool
	Policies []string
	Blocked  []string
	// Skipped is why the plugin has nothing to judge.
	Skipped string

	// generated says that only packets tell what is blocked. For the vague ways the
	// plugin says nothing where it cannot know.
	generated bool
	vague     []string

	manifest string
	// said is what the plugin says that the policies block, and status its verdict.
	said   []string
	status string
	// types are the directions that the policies restrict, as the API server
	// has them.
	types []networkingv1.PolicyType
	// measured is what of the replica's traffic was blocked.
	measured []string
	failure  error
}

// ways are what the plugin calls the ways of a replica's traffic.
var ways = map[string]string{
	"relay": "the relay port of replicas", "pubsub": "the pubsub port of replicas", "dns": "DNS", "postgres": "Postgres", "access": "the access URL",
}

// canaryPort is one that every replica listens on and no policy allows.
const canaryPort = "9999"

// accessPort is that of the access URL which is not the replicas' own.
const accessPort = "8444"

// TestNetworkPolicyMatrix holds the plugin's word on NetworkPolicies to what
// packets do. What it does not prove, as the plugin can only assume it: which
// pods answer for DNS and for a name outside of the cluster, and whether a block
// of addresses that leaves out some private ones leaves out the pods'.
func TestNetworkPolicyMatrix(t *testing.T) {
	w := newWorld(t, shared)
	w.startAccess()
	cases := w.policyCases()
	// Else the pods would come back while the namespace goes.
	t.Cleanup(func() {
		sets := w.client.AppsV1().StatefulSets(w.ns)
		assert.NoError(t, sets.DeleteCollection(context.WithoutCancel(t.Context()), metav1.DeleteOptions{}, metav1.ListOptions{}))
	})
	begin := time.Now()
	for _, c := range cases {
		w.applyCase(c)
		w.judgeCase(c)
	}
	w.waitReady(w.ns, "app.kubernetes.io/name=coder", 2*len(cases))
	w.waitReady(w.side, "app=access", 1)
	t.Logf("%d replicas ready after %s", 2*len(cases), time.Since(begin))
	w.measure(cases)
	t.Logf("measured after %s", time.Since(begin))
	decided, blocked := 0, 0
	for _, c := range cases {
		for way := range ways {
			if c.generated && !slices.Contains(c.vague, way) {
				decided++
			}
		}
		if c.generated {
			blocked += len(c.measured)
		}
		t.Run(c.Name, func(t *testing.T) {
			require.NoError(t, c.failure)
			if !c.generated {
				assert.ElementsMatch(t, c.Blocked, c.measured, "blocked in the cluster")
			}
			if problem := c.disagreement(); problem != "" {
				assert.Fail(t, problem, "%s", strings.Join(c.Policies, "\n"))
			}
			want := "passed"
			if len(c.said) > 0 {
				want = "failed"
			}
			if c.Skipped != "" {
				want = "skipped: " + c.Skipped
			}
			assert.Equal(t, want, c.status)
		})
	}
	all := generatedPolicies * len(ways)
	t.Logf("seed %d: %d ways through generated policies, %d of them blocked; the plugin had to know %d", policySeed, all, blocked, decided)
	assert.Greater(t, 2*decided, all, "most must be decided")
	assert.True(t, blocked > 0 && blocked < all, "some must be blocked, and some open")
}

// judgeCase asks the plugin, which also gets to know the labels of the namespace.
func (w *world) judgeCase(c *policyCase) {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), c.Name+".yaml")
	labels := fmt.Sprintf("\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: {pod-security.kubernetes.io/enforce: restricted}}}\n", w.ns)
	require.NoError(w.t, os.WriteFile(path, []byte(c.manifest+labels), 0o600))
	output, _ := w.plugin(w.cluster.Kubeconfig, "validate", "--manifest", path, "--coder-version", "2.38.0", "--connect-timeout", "1s", "--output", "json")
	c.status, c.said = policyVerdict(w.t, output)
}

// disagreement is what the plugin says otherwise than the packets: never that a
// way is blocked which is open, and that one is open only where it cannot know.
func (c *policyCase) disagreement() string {
	for way := range ways {
		blocked, said := slices.Contains(c.measured, way), slices.Contains(c.said, way)
		if said && !blocked {
			return fmt.Sprintf("the plugin says that %s is blocked, and packets go through", way)
		}
		if blocked && !said && !slices.Contains(c.vague, way) {
			return fmt.Sprintf("packets of %s are blocked, and the plugin does not say so", way)
		}
	}
	return ""
}

// policyCases are those of the file, and the chart's own policy.
func (w *world) policyCases() []*policyCase {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "policy-cases.yaml"))
	require.NoError(w.t, err)
	var cases []*policyCase
	require.NoError(w.t, yaml.Unmarshal(text, &cases))
	workload, err := os.ReadFile(filepath.Join("testdata", "policies.yaml"))
	require.NoError(w.t, err)
	loader, err := w.client.CoreV1().Pods(w.side).Get(w.t.Context(), "load", metav1.GetOptions{})
	require.NoError(w.t, err)
	pod, err := netip.ParseAddr(loader.Status.PodIP)
	require.NoError(w.t, err)
	// Wider than the range of one node, in both families.
	block, err := pod.Prefix(pod.BitLen() / 4)
	require.NoError(w.t, err)
	cases = append(append(cases, &policyCase{Name: "chart"}), generatePolicies()...)
	for _, c := range cases {
		access := fmt.Sprintf("http://access.%s.svc.cluster.local:%s", w.side, accessPort)
		if c.Own {
			access = fmt.Sprintf("https://%s.%s.svc.cluster.local", c.Name, w.ns)
		}
		replace := strings.NewReplacer("SELF", "{matchLabels: {app.kubernetes.io/name: coder, app.kubernetes.io/instance: "+c.Name+"}}",
			"CASE", c.Name, "RELEASE", w.ns, "SIDE", w.side, "BLOCK", block.String(), "ENTRANCE", access)
		c.manifest = replace.Replace(string(workload))
		for n, spec := range c.Policies {
			c.manifest += replace.Replace(fmt.Sprintf(
				"---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: CASE-%d, namespace: RELEASE}, spec: %s}\n", n, spec))
		}
		if c.Name == "chart" {
			options := w.options("coder.networkPolicy.enable=true", "coder.networkPolicy.webPorts[0]="+accessPort)
			c.manifest += "---\n" + helm.RenderTemplate(w.t, options, chart(), c.Name, []string{"templates/networkpolicy.yaml"})
		}
	}
	return cases
}

// applyCase makes a case's policies, then its replicas.
func (w *world) applyCase(c *policyCase) {
	w.t.Helper()
	ctx := w.t.Context()
	documents := yaml.NewYAMLOrJSONDecoder(strings.NewReader(c.manifest), 4096)
	var replicas appsv1.StatefulSet
	var service corev1.Service
	require.NoError(w.t, documents.Decode(&replicas))
	require.NoError(w.t, documents.Decode(&service))
	for {
		var policy networkingv1.NetworkPolicy
		err := documents.Decode(&policy)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(w.t, err)
		made, err := w.client.NetworkingV1().NetworkPolicies(w.ns).Create(ctx, &policy, metav1.CreateOptions{})
		require.NoError(w.t, err)
		if c.Skipped == "" {
			c.types = append(c.types, made.Spec.PolicyTypes...)
		}
	}
	_, err := w.client.CoreV1().Services(w.ns).Create(ctx, &service, metav1.CreateOptions{})
	require.NoError(w.t, err)
	_, err = w.client.AppsV1().StatefulSets(w.ns).Create(ctx, &replicas, metav1.CreateOptions{})
	require.NoError(w.t, err)
}

// startAccess starts what the access URL leads to: no replica, as an ingress
// controller is none.
func (w *world) startAccess() {
	w.t.Helper()
	ctx := w.t.Context()
	labels := map[string]string{"app": "access"}
	pod, err := w.client.CoreV1().Pods(w.side).Get(ctx, "load", metav1.GetOptions{})
	require.NoError(w.t, err)
	access := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "access", Labels: labels}, Spec: *pod.Spec.DeepCopy()}
	access.Spec.NodeName, access.Spec.Volumes, access.Spec.Containers[0].VolumeMounts = "", nil, nil
	access.Spec.Containers[0].Args = []string{"--also=" + accessPort + "," + canaryPort}
	_, err = w.client.CoreV1().Pods(w.side).Create(ctx, access, metav1.CreateOptions{})
	require.NoError(w.t, err)
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "access"}, Spec: corev1.ServiceSpec{Selector: labels}}
	for _, port := range []int32{8444, 9999} {
		service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Name: fmt.Sprint("p", port), Port: port})
	}
	_, err = w.client.CoreV1().Services(w.side).Create(ctx, service, metav1.CreateOptions{})
	require.NoError(w.t, err)
}

// measure finds what of each case's traffic is blocked. Several cases are
// measured at a time: what takes long is to wait for packets that never come.
func (w *world) measure(cases []*policyCase) {
	w.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", w.cluster.Kubeconfig)
	require.NoError(w.t, err)
	p := &prober{w: w, config: config, server: w.nameServer()}
	slots := make(chan struct{}, 8)
	var work sync.WaitGroup
	for _, c := range cases {
		work.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			c.failure = p.measure(c)
		})
	}
	work.Wait()
}

// policyVerdict is the plugin's word on the policies: a status, and what they
// block.
func policyVerdict(t *testing.T, output string) (status string, blocked []string) {
	t.Helper()
	var report struct {
		Checks []struct {
			ID, Status, SkipReason string
			Findings               []struct{ Message string }
		}
	}
	begin := strings.Index(output, "{")
	require.GreaterOrEqual(t, begin, 0, output)
	require.NoError(t, json.NewDecoder(strings.NewReader(output[begin:])).Decode(&report), output)
	for _, check := range report.Checks {
		if check.ID != "network-policy-blocks-replicas" {
			continue
		}
		status = check.Status
		if check.SkipReason != "" {
			status += ": " + check.SkipReason
		}
		for way, name := range ways {
			if slices.ContainsFunc(check.Findings, func(f struct{ Message string }) bool { return strings.Contains(f.Message, name) }) {
				blocked = append(blocked, way)
			}
		}
	}
	return status, blocked
}
