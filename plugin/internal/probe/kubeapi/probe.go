// Package kubeapi asks a Kubernetes API server for the pods of a deployment that
// runs, and for what is around them. It only reads.
package kubeapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryv1 "k8s.io/client-go/kubernetes/typed/discovery/v1"
	policyv1 "k8s.io/client-go/kubernetes/typed/policy/v1"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// answerTimeout bounds each request.
const answerTimeout = 10 * time.Second

// probe is one run.
type probe struct {
	config *rest.Config
	d      *deployment.Deployment
	// namespace is that of the workloads.
	namespace string
	into      *facts.Facts

	core      *corev1.CoreV1Client
	apps      *appsv1client.AppsV1Client
	discovery *discoveryv1.DiscoveryV1Client
	policy    *policyv1.PolicyV1Client

	mu sync.Mutex
}

// Probe adds to the facts what Kubernetes says of their deployment. What the user
// may not read is a gap that names the right. The time of the facts becomes the
// cluster's, where this machine's clock is another.
func Probe(ctx context.Context, config *rest.Config, release facts.Release, into *facts.Facts) error {
	config, clock := watchClock(config)
	p := &probe{config: config, d: into.Deployment, namespace: release.Namespace, into: into}
	if err := p.connect(); err != nil {
		return fmt.Errorf("the kubeconfig cannot be used: %w", err)
	}
	into.Running = &facts.Running{Release: release}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for _, ask := range []func(context.Context){p.workloads, p.pods, p.nodes, p.endpoints, p.budgets, p.events} {
		wg.Go(func() { ask(ctx) })
	}
	wg.Wait()
	p.onlyOurs()
	into.Now = clock.now(into.Now)
	return nil
}

func (p *probe) connect() (err error) {
	if p.core, err = corev1.NewForConfig(p.config); err != nil {
		return err
	}
	if p.apps, err = appsv1client.NewForConfig(p.config); err != nil {
		return err
	}
	if p.discovery, err = discoveryv1.NewForConfig(p.config); err != nil {
		return err
	}
	p.policy, err = policyv1.NewForConfig(p.config)
	return err
}

// put hands over what was read, or says why it was not.
func (p *probe) put(kind facts.Kind, resource, namespace string, err error, take func(*facts.Running)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		take(p.into.Running)
	case apierrors.IsForbidden(err):
		right := deployment.Lookup{Verb: "list", Resource: resource, Namespace: namespace}.Right()
		p.into.Lacks(kind, facts.Gap{Reason: "this user lacks " + right, Proof: "grant this user " + right})
	default:
		p.into.Lacks(kind, facts.Gap{Reason: fmt.Sprintf("the cluster did not say which %s there are: %s", resource, err), Proof: "run it again"})
	}
}

// workload is that of the deployment which a name is of; nil where none is.
func (p *probe) workload(kind, name string) *deployment.Workload {
	for i, w := range p.d.Workloads {
		if w.Kind == kind && w.Name == name && w.Namespace == p.namespace {
			return &p.d.Workloads[i]
		}
	}
	return nil
}

// onlyOurs leaves of nodes, events and endpoints what is about the pods.
func (p *probe) onlyOurs() {
	r := p.into.Running
	if r.Nodes != nil {
		r.Nodes = p.nodesOf(r.Pods, r.Nodes)
	}
	if r.Events != nil && r.Pods != nil {
		// One from before the pod was made is about another pod of that name.
		r.Events = slices.DeleteFunc(r.Events, func(e facts.Event) bool {
			pod := r.PodNamed(strings.TrimPrefix(e.Object, "Pod "))
			return pod == nil || e.Last.Before(pod.Created)
		})
		r.Events = r.Events[:min(len(r.Events), mostEvents)]
	}
}

// nodesOf are the nodes of the pods, also those whose object is gone.
func (*probe) nodesOf(pods []facts.Pod, all []facts.Node) []facts.Node {
	out := []facts.Node{}
	for _, pod := range pods {
		if pod.Node == "" || slices.ContainsFunc(out, func(n facts.Node) bool { return n.Name == pod.Node }) {
			continue
		}
		at := slices.IndexFunc(all, func(n facts.Node) bool { return n.Name == pod.Node })
		if at < 0 {
			out = append(out, facts.Node{Name: pod.Node, Gone: true})
			continue
		}
		out = append(out, all[at])
	}
	return out
}
