package checks

import (
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// peerSelects says whether a peer of a rule covers the other replicas.
func peerSelects(d *deployment.Deployment, r deployment.Replica, p networkingv1.NetworkPolicyPeer) bool {
	if p.IPBlock != nil {
		return mayHoldPods(*p.IPBlock, d.PodIPFamily)
	}
	if p.NamespaceSelector != nil && !selectsNamespace(p.NamespaceSelector, d.Workloads[r.Workload]) {
		return false
	}
	if p.PodSelector == nil {
		return true
	}
	selector, err := metav1.LabelSelectorAsSelector(p.PodSelector)
	return err == nil && selector.Matches(labels.Set(r.Labels))
}

// selectsNamespace says whether a selector matches the namespace of the replicas.
// Labels of a Namespace that is not in the input may be any.
func selectsNamespace(selector *metav1.LabelSelector, w deployment.Workload) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return false
	}
	set := labels.Set{}
	maps.Copy(set, w.NamespaceLabels)
	set[corev1.LabelMetadataName] = w.Namespace
	requirements, _ := parsed.Requirements()
	return !slices.ContainsFunc(requirements, func(want labels.Requirement) bool {
		known := w.NamespaceLabels != nil || want.Key() == corev1.LabelMetadataName
		return known && !want.Matches(set)
	})
}

// podRanges are those from which clusters give addresses to pods (RFC 1918,
// RFC 4193). Others that some do count only where a rule names them: those of
// carriers (RFC 6598), of benchmarks (RFC 2544), and class E (RFC 1112).
var (
	podRanges   = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7")}
	namedRanges = []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4")}
)

// mayHoldPods says whether pods may lie in a block; which addresses they have is
// not known before they run.
func mayHoldPods(block networkingv1.IPBlock, family string) bool {
	prefix, err := netip.ParsePrefix(block.CIDR)
	if err != nil || family != "" && (family == string(corev1.IPv4Protocol)) != prefix.Addr().Is4() {
		return false
	}
	if prefix.Bits() > 0 && slices.ContainsFunc(namedRanges, prefix.Overlaps) {
		return true
	}
	return slices.ContainsFunc(podRanges, func(pods netip.Prefix) bool {
		shared := pods
		if prefix.Bits() > pods.Bits() {
			shared = prefix
		}
		return pods.Overlaps(prefix) && !slices.ContainsFunc(block.Except, func(except string) bool {
			hole, err := netip.ParsePrefix(except)
			return err == nil && hole.Bits() <= shared.Bits() && hole.Overlaps(shared)
		})
	})
}

// peerReaches says whether a peer of a rule may cover the other end of a need. A
// name may be any address, and any pod but the replicas themselves.
func peerReaches(r deployment.Replica, p networkingv1.NetworkPolicyPeer, n need) bool {
	if p.IPBlock == nil {
		if p.NamespaceSelector == nil && n.elsewhere {
			return false
		}
		if p.NamespaceSelector != nil && n.namespace != "" && !selectsNamespace(p.NamespaceSelector, deployment.Workload{Namespace: n.namespace}) {
			return false
		}
		if p.PodSelector == nil || p.NamespaceSelector != nil || len(p.PodSelector.MatchLabels) == 0 {
			return true
		}
		selector, err := metav1.LabelSelectorAsSelector(p.PodSelector)
		return err == nil && !selector.Matches(labels.Set(r.Labels))
	}
	addr, err := netip.ParseAddr(n.host)
	if err != nil {
		return true
	}
	prefix, err := netip.ParsePrefix(p.IPBlock.CIDR)
	if err != nil || !prefix.Contains(addr.Unmap()) {
		return false
	}
	return !slices.ContainsFunc(p.IPBlock.Except, func(except string) bool {
		hole, err := netip.ParsePrefix(except)
		return err == nil && hole.Contains(addr.Unmap())
	})
}
