package deployment

import (
	"slices"
	"strings"
)

// Mesh is a service mesh that takes a pod's traffic.
type Mesh string

// The meshes that are recognized; NoMesh where nothing in the input adds one.
const (
	NoMesh  Mesh = ""
	Istio   Mesh = "Istio"
	Linkerd Mesh = "Linkerd"
	// IstioAmbient has no sidecar: a proxy of the node takes the traffic.
	IstioAmbient Mesh = "Istio in ambient mode"
)

// sidecars are the containers that a mesh adds, as they stand in manifests that
// were injected before.
var sidecars = map[string]Mesh{"istio-proxy": Istio, "linkerd-proxy": Linkerd}

// Mesh is the mesh that takes the traffic of a workload's pods.
func (w Workload) Mesh() Mesh {
	if w.Pod == nil {
		return NoMesh
	}
	for _, c := range w.Pod.AllContainers() {
		if mesh := sidecars[c.Name]; mesh != NoMesh {
			return mesh
		}
	}
	switch {
	// Neither injector touches a pod on the host's network.
	case w.Pod.HostNetwork:
		return NoMesh
	case w.istioInjected():
		return Istio
	case slices.Contains([]string{"enabled", "ingress"}, w.meshAnnotation("linkerd.io/inject")):
		return Linkerd
	case w.ambient():
		return IstioAmbient
	default:
		return NoMesh
	}
}

// istioInjected follows the selectors of Istio's admission webhooks and then its
// injector (istio.io/istio, injection-template and pkg/kube/inject): the label
// istio-injection of the namespace comes first, then istio.io/rev; the pod's own
// label wins over its annotation of the same name.
func (w Workload) istioInjected() bool {
	const inject, revision = "sidecar.istio.io/inject", "istio.io/rev"
	own, labeled := w.Pod.Labels[inject]
	if !labeled {
		own = w.Pod.MeshAnnotations[inject]
	}
	if slices.Contains([]string{"false", "no", "n", "off"}, strings.ToLower(own)) {
		return false
	}
	if namespace, decides := w.NamespaceLabels["istio-injection"]; decides {
		return namespace == "enabled"
	}
	if w.NamespaceLabels[revision] != "" || w.Pod.Labels[revision] != "" {
		return true
	}
	// The webhooks select by labels: an annotation alone injects nothing into a
	// namespace that is not labeled.
	return own == "true" && (labeled || w.NamespaceLabels == nil)
}

func (w Workload) ambient() bool {
	const mode = "istio.io/dataplane-mode"
	if own, decides := w.Pod.Labels[mode]; decides {
		return own == "ambient"
	}
	return w.NamespaceLabels[mode] == "ambient"
}

// meshAnnotation is an annotation of the pod, or else of its namespace: Linkerd
// reads both.
func (w Workload) meshAnnotation(key string) string {
	if own, decides := w.Pod.MeshAnnotations[key]; decides {
		return own
	}
	return w.NamespaceAnnotations[key]
}

// IsMeshAnnotation says whether an annotation of a pod or namespace is one that a
// mesh reads.
func IsMeshAnnotation(key string) bool {
	domain, _, _ := strings.Cut(key, "/")
	return domain == "linkerd.io" || domain == "istio.io" || strings.HasSuffix(domain, ".linkerd.io") || strings.HasSuffix(domain, ".istio.io")
}
