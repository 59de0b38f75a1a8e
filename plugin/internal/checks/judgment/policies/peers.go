package policies

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// peerSelects says whether a peer of a rule covers the other replicas.
func peerSelects(d *deployment.Deployment, r deployment.Replica, p deployment.PolicyPeer) bool {
	if p.IPBlock != nil {
		return mayHoldPods(*p.IPBlock, d.PodIPFamily)
	}
	if p.Namespaces != nil && !selectsNamespace(*p.Namespaces, d.Workloads[r.Workload]) {
		return false
	}
	return p.Pods == nil || p.Pods.Matches(r.Labels)
}

// namespaceName is the label of a Namespace that Kubernetes sets to its name.
const namespaceName = "kubernetes.io/metadata.name"

// selectsNamespace says whether a selector matches the namespace of the replicas.
// Labels of a Namespace that is not in the input may be any.
func selectsNamespace(selector deployment.Selector, w deployment.Workload) bool {
	if selector.Invalid {
		return false
	}
	set := map[string]string{}
	maps.Copy(set, w.NamespaceLabels)
	set[namespaceName] = w.Namespace
	return !slices.ContainsFunc(selector.Requirements, func(want deployment.Requirement) bool {
		known := w.NamespaceLabels != nil || want.Key == namespaceName
		return known && !want.Holds(set)
	})
}

// only says whether a selector matches no other namespace than that of the name.
func only(selector deployment.Selector, name string) bool {
	return slices.ContainsFunc(selector.Requirements, func(want deployment.Requirement) bool {
		return want.Key == namespaceName && want.Operator == deployment.In && !slices.ContainsFunc(want.Values, func(value string) bool { return value != name })
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
func mayHoldPods(block deployment.IPBlock, family string) bool {
	prefix, err := netip.ParsePrefix(block.CIDR)
	if err != nil || family != "" && (family == "IPv4") != prefix.Addr().Is4() {
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
func peerReaches(r deployment.Replica, own string, p deployment.PolicyPeer, n Need) bool {
	if p.IPBlock == nil {
		if p.Namespaces == nil && n.Elsewhere {
			return false
		}
		if p.Namespaces != nil && n.Elsewhere && n.Namespace == "" && only(*p.Namespaces, own) {
			return false
		}
		if p.Namespaces != nil && n.Namespace != "" && !selectsNamespace(*p.Namespaces, deployment.Workload{Namespace: n.Namespace}) {
			return false
		}
		if p.Pods == nil || p.Namespaces != nil || !p.Pods.Exact() {
			return true
		}
		return !p.Pods.Invalid && !p.Pods.Matches(r.Labels)
	}
	addr, err := netip.ParseAddr(n.Host)
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
