package deployment

import (
	"cmp"
	"strconv"
	"strings"
)

// Mesh is a service mesh whose sidecar takes a pod's traffic.
type Mesh string

// The meshes that are recognized; NoMesh where none is injected.
const (
	NoMesh  Mesh = ""
	Istio   Mesh = "Istio"
	Linkerd Mesh = "Linkerd"
)

// sidecars are the containers that a mesh adds, as they stand in manifests that
// were injected before.
var sidecars = map[string]Mesh{"istio-proxy": Istio, "linkerd-proxy": Linkerd}

// Mesh is the mesh whose sidecar is injected into a workload's pods. The pod's
// own word wins over the namespace's.
func (w Workload) Mesh() Mesh {
	if w.Pod == nil {
		return NoMesh
	}
	for _, c := range w.Pod.AllContainers() {
		if mesh := sidecars[c.Name]; mesh != NoMesh {
			return mesh
		}
	}
	labels, annotations := w.Pod.Labels, w.Pod.MeshAnnotations
	if own := cmp.Or(labels["sidecar.istio.io/inject"], annotations["sidecar.istio.io/inject"]); own != "" {
		if own == "true" {
			return Istio
		}
	} else if w.NamespaceLabels["istio-injection"] == "enabled" || w.NamespaceLabels["istio.io/rev"] != "" || labels["istio.io/rev"] != "" {
		return Istio
	}
	if own := cmp.Or(annotations["linkerd.io/inject"], w.NamespaceLabels["linkerd.io/inject"]); own == "enabled" || own == "ingress" {
		return Linkerd
	}
	return NoMesh
}

// PortAnnotations are the annotations of a pod that keep ports out of the mesh.
func (m Mesh) PortAnnotations() (inbound, outbound string) {
	switch m {
	case Istio:
		return "traffic.sidecar.istio.io/excludeInboundPorts", "traffic.sidecar.istio.io/excludeOutboundPorts"
	case Linkerd:
		return "config.linkerd.io/skip-inbound-ports", "config.linkerd.io/skip-outbound-ports"
	default:
		return "", ""
	}
}

// IsMeshAnnotation says whether an annotation of a pod is one that a mesh reads.
func IsMeshAnnotation(key string) bool {
	domain, _, _ := strings.Cut(key, "/")
	return domain == "linkerd.io" || domain == "istio.io" || strings.HasSuffix(domain, ".linkerd.io") || strings.HasSuffix(domain, ".istio.io")
}

// HoldsPort says whether a comma-separated list of ports and ranges, or "*",
// holds a port.
func HoldsPort(list string, port int) bool {
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
