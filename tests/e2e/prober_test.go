package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
)

// prober has pods try connections, by a command that the kubelet runs in them:
// no policy can come in its way.
type prober struct {
	w      *world
	config *rest.Config
	// server is the cluster's name server, HOST:PORT.
	server string
}

// nameServer is the one that the cluster's pods ask.
func (w *world) nameServer() string {
	w.t.Helper()
	text, err := w.client.CoreV1().RESTClient().Get().AbsPath("/api/v1/nodes/" + w.nodes[0] + "/proxy/configz").DoRaw(w.t.Context())
	require.NoError(w.t, err)
	var configuration struct {
		Kubelet struct {
			ClusterDNS []string `json:"clusterDNS"`
		} `json:"kubeletconfig"`
	}
	require.NoError(w.t, json.Unmarshal(text, &configuration))
	require.NotEmpty(w.t, configuration.Kubelet.ClusterDNS)
	return net.JoinHostPort(configuration.Kubelet.ClusterDNS[0], "53")
}

// inForce bounds the wait for a new policy to be in force, and then for what
// the probes say to be what the case says.
const inForce = 20 * time.Second

// measure finds what is blocked for a case, once its policies are in force:
// the canary's port, which none of them allows, tells for each direction that
// they restrict.
func (p *prober) measure(c *policyCase) error {
	ctx := p.w.t.Context()
	pods := p.w.client.CoreV1().Pods(p.w.ns)
	second, err := pods.Get(ctx, c.Name+"-1", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("finding the second replica: %w", err)
	}
	peer := func(port string) string { return "tcp://" + net.JoinHostPort(second.Status.PodIP, port) }
	services := map[string]string{}
	for _, name := range []string{"postgres", "access"} {
		service, err := p.w.client.CoreV1().Services(p.w.side).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("finding Service %s: %w", name, err)
		}
		services[name] = service.Spec.ClusterIP
	}
	own, err := p.w.client.CoreV1().Services(p.w.ns).Get(ctx, c.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("finding Service %s: %w", c.Name, err)
	}
	access := net.JoinHostPort(services["access"], accessPort)
	if c.Own {
		access = net.JoinHostPort(own.Spec.ClusterIP, "443")
	}
	outCanary := "tcp://" + net.JoinHostPort(services["access"], canaryPort)
	err = p.until(ctx, func() error {
		if slices.Contains(c.types, networkingv1.PolicyTypeIngress) {
			if got, err := p.dial(ctx, unselected, peer(canaryPort)); err != nil || got[peer(canaryPort)] == "" {
				return fmt.Errorf("ingress is not restricted yet: %w", orNone(err))
			}
		}
		if slices.Contains(c.types, networkingv1.PolicyTypeEgress) {
			if got, err := p.dial(ctx, c.Name+"-0", outCanary); err != nil || got[outCanary] == "" {
				return fmt.Errorf("egress is not restricted yet: %w", orNone(err))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	targets := map[string]string{
		"relay": peer("8080"), "pubsub": peer("6222"), "dns": "dns://" + p.server,
		"postgres": "tcp://" + net.JoinHostPort(services["postgres"], "5432"), "access": "tcp://" + access,
	}
	var list []string
	for _, target := range targets {
		list = append(list, target)
	}
	return p.until(ctx, func() error {
		got, err := p.dial(ctx, c.Name+"-0", list...)
		if err != nil {
			return err
		}
		c.measured = nil
		for way, target := range targets {
			if got[target] != "" {
				c.measured = append(c.measured, way)
			}
		}
		slices.Sort(c.measured)
		if want := slices.Sorted(slices.Values(c.Blocked)); !c.generated && !slices.Equal(want, c.measured) {
			return fmt.Errorf("blocked: %q, not %q: %v", c.measured, want, got)
		}
		if problem := c.disagreement(); c.generated && problem != "" {
			return fmt.Errorf("%s: blocked: %q, and the plugin says %q: %v\n%s", problem, c.measured, c.said, got, strings.Join(c.Policies, "\n"))
		}
		return nil
	})
}

// unselected is a replica that no policy selects.
const unselected = "none-selected-0"

func orNone(err error) error {
	if err == nil {
		return fmt.Errorf("the canary's port is reached")
	}
	return err
}

func (p *prober) until(ctx context.Context, try func() error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, inForce, true, func(context.Context) (bool, error) {
		last = try()
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%w (%w)", last, err)
	}
	return nil
}

// dial returns for each target why a pod does not reach it, or an empty text.
func (p *prober) dial(ctx context.Context, pod string, targets ...string) (map[string]string, error) {
	request := p.w.client.CoreV1().RESTClient().Post().Resource("pods").Namespace(p.w.ns).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: append([]string{"/load", "dial"}, targets...), Stdout: true, Stderr: true}, scheme.ParameterCodec)
	command, err := remotecommand.NewSPDYExecutor(p.config, "POST", request.URL())
	if err != nil {
		return nil, fmt.Errorf("preparing a command in %s: %w", pod, err)
	}
	var output, complaint bytes.Buffer
	if err := command.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &output, Stderr: &complaint}); err != nil {
		return nil, fmt.Errorf("running a command in %s: %w: %s", pod, err, strings.TrimSpace(complaint.String()))
	}
	var got map[string]string
	if err := json.Unmarshal(output.Bytes(), &got); err != nil {
		return nil, fmt.Errorf("reading what %s printed: %w", pod, err)
	}
	return got, nil
}
