package kubeapi

import (
	"cmp"
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// nodes reads all nodes; those without our pods are left out later.
func (p *probe) nodes(ctx context.Context) {
	found, err := p.core.Nodes().List(ctx, metav1.ListOptions{})
	p.put(facts.Nodes, "nodes", "", err, func(r *facts.Running) {
		r.Nodes = []facts.Node{}
		for i := range found.Items {
			r.Nodes = append(r.Nodes, readNode(&found.Items[i]))
		}
	})
}

func readNode(node *corev1.Node) facts.Node {
	out := facts.Node{
		Name: node.Name, Cordoned: node.Spec.Unschedulable,
		Zone: node.Labels[corev1.LabelTopologyZone], Region: node.Labels[corev1.LabelTopologyRegion],
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			out.Ready = c.Status == corev1.ConditionTrue
		}
	}
	return out
}

// endpoints reads the addresses behind the Services of the deployment.
func (p *probe) endpoints(ctx context.Context) {
	found, err := p.discovery.EndpointSlices(p.namespace).List(ctx, metav1.ListOptions{})
	p.put(facts.EndpointSlices, "endpointslices.discovery.k8s.io", p.namespace, err, func(r *facts.Running) {
		r.Endpoints = []facts.Endpoints{}
		for _, s := range p.d.Services {
			if s.Namespace != p.namespace {
				continue
			}
			of := facts.Endpoints{Service: s.Name, Headless: s.Headless}
			for _, slice := range found.Items {
				if slice.Labels[discoveryv1.LabelServiceName] == s.Name {
					takeEndpoints(&of, slice)
				}
			}
			r.Endpoints = append(r.Endpoints, of)
		}
	})
}

// takeEndpoints adds those of one slice. A Service of two families has each pod twice.
func takeEndpoints(of *facts.Endpoints, slice discoveryv1.EndpointSlice) {
	for _, e := range slice.Endpoints {
		name := strings.Join(e.Addresses, ",")
		if e.TargetRef != nil {
			name = e.TargetRef.Name
		}
		list := &of.NotReady
		// Unknown counts as ready, says the API.
		if e.Conditions.Ready == nil || *e.Conditions.Ready {
			list = &of.Ready
		}
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	slices.Sort(of.Ready)
	slices.Sort(of.NotReady)
}

// budgets reads what the disruption budgets of the deployment allow.
func (p *probe) budgets(ctx context.Context) {
	found, err := p.policy.PodDisruptionBudgets(p.namespace).List(ctx, metav1.ListOptions{})
	p.put(facts.DisruptionBudgets, "poddisruptionbudgets.policy", p.namespace, err, func(r *facts.Running) {
		r.Budgets = []facts.BudgetStatus{}
		for _, b := range p.d.DisruptionBudgets {
			for _, o := range found.Items {
				if o.Name == b.Name {
					r.Budgets = append(r.Budgets, facts.BudgetStatus{
						Name: o.Name, Allowed: int(o.Status.DisruptionsAllowed), Healthy: int(o.Status.CurrentHealthy), Pods: int(o.Status.ExpectedPods),
					})
				}
			}
		}
	})
}

// mostListed bounds how many warnings are read, and mostEvents how many are kept.
const (
	mostListed = 500
	mostEvents = 50
)

// events reads the warnings about pods.
func (p *probe) events(ctx context.Context) {
	found, err := p.core.Events(p.namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=Warning,involvedObject.kind=Pod", Limit: mostListed})
	p.put(facts.Events, "events", p.namespace, err, func(r *facts.Running) {
		r.Events = []facts.Event{}
		for _, e := range found.Items {
			last := cmp.Or(e.LastTimestamp.UTC(), e.EventTime.UTC(), e.CreationTimestamp.UTC())
			r.Events = append(r.Events, facts.Event{
				Object: "Pod " + e.InvolvedObject.Name, Reason: e.Reason, Message: e.Message, Count: max(int(e.Count), 1), Last: last,
			})
		}
		slices.SortFunc(r.Events, func(a, b facts.Event) int { return b.Last.Compare(a.Last) })
	})
}
