package rehearse

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// hazards looks for what the pods would disturb. An error says why they must not be
// made; sentences say what is disturbed while they run.
func (c *cluster) hazards(ctx context.Context, w Workload) (sentences []string, err error) {
	services, err := c.services(ctx, w.Namespace)
	if err != nil {
		return nil, because(err, "list", "services", w.Namespace, "whether a Service would send traffic to the pods")
	}
	for _, s := range services {
		if len(s.Spec.Selector) == 0 || !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(w.Pod.Labels)) || !publishesUnready(s) {
			continue
		}
		if s.Spec.ClusterIP != corev1.ClusterIPNone {
			return nil, fmt.Errorf("no pods are started, because Service %s/%s sends traffic to pods that are not ready (publishNotReadyAddresses)", s.Namespace, s.Name)
		}
		sentences = append(sentences, fmt.Sprintf("while the pods run, the DNS name of the headless Service %s leads to them too (publishNotReadyAddresses); no Service sends them traffic", s.Name))
	}
	budgets, err := c.budgets(ctx, w.Namespace)
	if err != nil {
		if right := lacks(err, "list", "poddisruptionbudgets.policy", w.Namespace); right != "" {
			return append(sentences, right+": whether a budget allows no eviction while the pods run is not known"), nil
		}
		return nil, err
	}
	for _, b := range budgets {
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil || selector.Empty() || !selector.Matches(labels.Set(w.Pod.Labels)) {
			continue
		}
		// The controller counts the pods of a Job, but knows no scale for it
		// (k8s.io/kubernetes pkg/controller/disruption, getExpectedScale).
		if b.Spec.MaxUnavailable != nil || b.Spec.MinAvailable != nil && b.Spec.MinAvailable.Type == intstr.String {
			sentences = append(sentences, fmt.Sprintf("while the pods run, PodDisruptionBudget %s allows no eviction: a drain of a node waits for some seconds", b.Name))
		}
	}
	return sentences, nil
}

// publishesUnready says whether a Service has pods among its endpoints before they
// are ready.
func publishesUnready(s corev1.Service) bool {
	return s.Spec.PublishNotReadyAddresses || s.Annotations["service.alpha.kubernetes.io/tolerate-unready-endpoints"] == "true"
}

// accountMissing says whether the service account of a workload is not there yet. An
// error says why that is not known.
func (c *cluster) accountMissing(ctx context.Context, w Workload) (bool, error) {
	name := w.Pod.Spec.ServiceAccountName
	if name == "" {
		name = w.Pod.Spec.DeprecatedServiceAccount
	}
	if name == "" {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	_, err := c.core.ServiceAccounts(w.Namespace).Get(ctx, name, metav1.GetOptions{})
	unknown := fmt.Sprintf("whether service account %s is there yet", name)
	switch right := lacks(err, "get", "serviceaccounts", w.Namespace); {
	case err == nil:
		return false, nil
	case apierrors.IsNotFound(err):
		return true, nil
	case right != "":
		return false, fmt.Errorf("%s: %s is not known", right, unknown)
	default:
		return false, fmt.Errorf("%s is not known: %w", unknown, err)
	}
}

// beside counts the ready pods of a workload that run already.
func (c *cluster) beside(ctx context.Context, w Workload) (int, error) {
	selector := labels.SelectorFromSet(w.Pod.Labels)
	if w.Selector != nil {
		parsed, err := metav1.LabelSelectorAsSelector(w.Selector)
		if err != nil {
			return 0, err
		}
		selector = parsed
	}
	if selector.Empty() {
		return 0, nil
	}
	found, err := c.pods(ctx, w.Namespace, selector.String())
	if err != nil {
		return 0, because(err, "list", "pods", w.Namespace, "which pods run")
	}
	n := 0
	for _, pod := range found {
		if _, ours := pod.Labels[RunLabel]; !ours && ready(pod) {
			n++
		}
	}
	return n, nil
}

// placeOf is what a node says of its place.
type placeOf struct{ zone, region string }

// places are the zones and regions of the nodes of pods; why says that they are not
// known.
func (c *cluster) places(ctx context.Context, stands []*stand) (found map[string]placeOf, why string) {
	found = map[string]placeOf{}
	for _, s := range stands {
		if !s.runs() {
			continue
		}
		name := s.pod.Spec.NodeName
		if _, known := found[name]; known {
			continue
		}
		node, err := c.node(ctx, name)
		if right := lacks(err, "get", "nodes", ""); right != "" {
			return found, right
		}
		if err != nil {
			return found, "node " + name + " cannot be read: " + err.Error()
		}
		found[name] = placeOf{node.Labels[corev1.LabelTopologyZone], node.Labels[corev1.LabelTopologyRegion]}
	}
	return found, ""
}

func (c *cluster) node(ctx context.Context, name string) (*corev1.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	return c.core.Nodes().Get(ctx, name, metav1.GetOptions{})
}

// because is an error with the right that is missing, where one is, and else with
// what was to be known.
func because(err error, verb, resource, namespace, what string) error {
	if right := lacks(err, verb, resource, namespace); right != "" {
		return fmt.Errorf("%s", right)
	}
	return fmt.Errorf("%s is not known: %s", what, strings.TrimSpace(err.Error()))
}
