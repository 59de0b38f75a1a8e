package checks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// clusterNetworkChecks judge what Kubernetes puts between replicas.
func clusterNetworkChecks() []check.Check {
	return []check.Check{
		{
			ID: "network-policy-blocks-replicas", Area: clusterArea, Severity: check.Error, Needs: replicas,
			Title:  "network policies let replicas reach each other, DNS, Postgres and the access URL",
			Why:    "A policy that selects the coderd pods denies all that no policy allows, and replicas then fail one by one in different ways.",
			Remedy: "Allow it in a NetworkPolicy that selects the coderd pods; the chart's own does with coder.networkPolicy.enable=true.",
			Judge:  each(judgePolicies),
		},
		{
			ID: "mesh-sidecar-ports", Area: clusterArea, Severity: check.Warning, Needs: replicas,
			Title:  "a service mesh leaves port 6222 alone",
			Why:    "A sidecar changes the source address of a connection, and replicas refuse a peer whose certificate is for another address.",
			Remedy: "Exclude port 6222 inbound and outbound in the pod's annotations.",
			Judge:  several(withNATS(judgeSidecar)),
		},
		{
			ID: "host-network-ports", Area: clusterArea, Severity: check.Error, Needs: replicas,
			Title:  "replicas on the host's network never share a node",
			Why:    "Two replicas on one node's network want the same ports, and the second one does not start.",
			Remedy: "Require podAntiAffinity on kubernetes.io/hostname for the pods' own labels.",
			Judge:  several(judgeHostNetwork),
		},
	}
}

func judgeSidecar(j *judgement, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	inbound, outbound := "", ""
	switch meshOf(w) {
	case "Istio":
		inbound, outbound = "traffic.sidecar.istio.io/excludeInboundPorts", "traffic.sidecar.istio.io/excludeOutboundPorts"
	case "Linkerd":
		inbound, outbound = "config.linkerd.io/skip-inbound-ports", "config.linkerd.io/skip-outbound-ports"
	default:
		j.skip("no service mesh is injected into the pods")
		return
	}
	var missing []string
	for _, key := range []string{inbound, outbound} {
		if !holdsPort(w.Pod.Annotations[key], coder.NATSPort) {
			missing = append(missing, key)
		}
	}
	if len(missing) == 0 {
		j.good()
		return
	}
	s := container(d, r)
	s.Container = ""
	j.find(check.Finding{
		Message: fmt.Sprintf("%s takes over port %d between replicas", meshOf(w), coder.NATSPort), Subject: s,
		Observed: "no " + strings.Join(missing, " and no ") + " with 6222", Expected: "6222 excluded in both directions",
		Remedy: fmt.Sprintf("Add to the pod's annotations (coder.podAnnotations in the chart):\n%s: \"%d\"\n%s: \"%d\"", inbound, coder.NATSPort, outbound, coder.NATSPort),
	})
}

// sidecars are the containers that a mesh adds, as they stand in manifests that
// were injected before.
var sidecars = map[string]string{"istio-proxy": "Istio", "linkerd-proxy": "Linkerd"}

// meshOf is the mesh whose sidecar is injected into a workload's pods. The
// pod's own word wins over the namespace's.
func meshOf(w deployment.Workload) string {
	for _, c := range slices.Concat(w.Pod.Spec.Containers, w.Pod.Spec.InitContainers) {
		if mesh := sidecars[c.Name]; mesh != "" {
			return mesh
		}
	}
	if own := first(w.Pod.Labels["sidecar.istio.io/inject"], w.Pod.Annotations["sidecar.istio.io/inject"]); own != "" {
		if own == "true" {
			return "Istio"
		}
	} else if w.NamespaceLabels["istio-injection"] == "enabled" || w.NamespaceLabels["istio.io/rev"] != "" || w.Pod.Labels["istio.io/rev"] != "" {
		return "Istio"
	}
	if own := first(w.Pod.Annotations["linkerd.io/inject"], w.NamespaceLabels["linkerd.io/inject"]); own == "enabled" || own == "ingress" {
		return "Linkerd"
	}
	return ""
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// holdsPort says whether a comma-separated list of ports and ranges, or "*",
// holds a port.
func holdsPort(list string, port int) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "*" {
			return true
		}
		low, high, isRange := strings.Cut(item, "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err1 == nil && err2 == nil && from <= port && port <= to {
			return true
		}
	}
	return false
}

func judgeHostNetwork(j *judgement, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	if !w.Pod.Spec.HostNetwork {
		j.skip("the pods have a network of their own")
		return
	}
	if w.Replicas < 2 && len(d.Workloads) == 1 || w.Kind == "DaemonSet" || keptApart(w, r) || hasHostPort(w) {
		j.good()
		return
	}
	j.find(check.Finding{
		Message: "replicas on the host's network may land on one node", Subject: container(d, r),
		Observed: "hostNetwork: true without a required podAntiAffinity on kubernetes.io/hostname", Expected: "at most one replica on a node",
	})
}

// keptApart says whether a required anti-affinity keeps the workload's own pods
// on different nodes.
func keptApart(w deployment.Workload, r deployment.Replica) bool {
	affinity := w.Pod.Spec.Affinity
	if affinity == nil || affinity.PodAntiAffinity == nil {
		return false
	}
	return slices.ContainsFunc(affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, func(term corev1.PodAffinityTerm) bool {
		if term.TopologyKey != corev1.LabelHostname || term.LabelSelector == nil {
			return false
		}
		selector, err := metav1.LabelSelectorAsSelector(term.LabelSelector)
		return err == nil && selector.Matches(labels.Set(r.Labels))
	})
}

// hasHostPort says whether the container asks for a port of its node, so that
// the scheduler keeps two of them apart.
func hasHostPort(w deployment.Workload) bool {
	return slices.ContainsFunc(w.CoderContainer().Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 })
}
