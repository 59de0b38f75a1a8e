package deployment

import (
	"strconv"
	"strings"
)

// Interception says whether a sidecar takes the connections to a port.
type Interception int

// What is known of a port.
const (
	Free Interception = iota
	Intercepted
	// Uncertain: it depends on the addresses of the other pods.
	Uncertain
)

// The annotations of a pod that keep ports out of a mesh.
const (
	istioPrefix            = "traffic.sidecar.istio.io/"
	IstioExcludeInbound    = istioPrefix + "excludeInboundPorts"
	IstioExcludeOutbound   = istioPrefix + "excludeOutboundPorts"
	LinkerdSkipInbound     = "config.linkerd.io/skip-inbound-ports"
	LinkerdSkipOutbound    = "config.linkerd.io/skip-outbound-ports"
	istioIncludeInbound    = istioPrefix + "includeInboundPorts"
	istioIncludeOutbound   = istioPrefix + "includeOutboundPorts"
	istioIncludeRanges     = istioPrefix + "includeOutboundIPRanges"
	istioExcludeRanges     = istioPrefix + "excludeOutboundIPRanges"
	istioInterceptionMode  = "sidecar.istio.io/interceptionMode"
	istioKeepsSource       = "TPROXY"
	istioInterceptsNothing = "NONE"
)

// PortAnnotations are the annotations of a pod that keep ports out of the mesh.
func (m Mesh) PortAnnotations() (inbound, outbound string) {
	switch m {
	case Istio:
		return IstioExcludeInbound, IstioExcludeOutbound
	case Linkerd:
		return LinkerdSkipInbound, LinkerdSkipOutbound
	default:
		return "", ""
	}
}

// Inbound says whether the workload's sidecar takes what arrives at a port.
func (w Workload) Inbound(port int) Interception {
	switch w.Mesh() {
	case Istio:
		annotations := w.Pod.MeshAnnotations
		if annotations[istioInterceptionMode] == istioInterceptsNothing {
			return Free
		}
		// What is included counts alone, unless that is everything.
		if included, set := annotations[istioIncludeInbound]; set && included != "*" {
			return interception(HoldsPort(included, port))
		}
		return interception(!HoldsPort(annotations[IstioExcludeInbound], port))
	case Linkerd:
		return interception(!HoldsPort(w.meshAnnotation(LinkerdSkipInbound), port))
	default:
		return Free
	}
}

// Outbound says whether the workload's sidecar takes what its pods send to a port
// of another replica.
func (w Workload) Outbound(port int) Interception {
	switch w.Mesh() {
	case Istio:
		return istioOutbound(w.Pod.MeshAnnotations, port)
	case Linkerd:
		return interception(!HoldsPort(w.meshAnnotation(LinkerdSkipOutbound), port))
	default:
		return Free
	}
}

func istioOutbound(annotations map[string]string, port int) Interception {
	ranges, limited := annotations[istioIncludeRanges]
	switch {
	case annotations[istioInterceptionMode] == istioInterceptsNothing, HoldsPort(annotations[IstioExcludeOutbound], port):
		return Free
	case HoldsPort(annotations[istioIncludeOutbound], port):
		return Intercepted
	case limited && ranges == "":
		return Free
	case limited && ranges != "*", annotations[istioExcludeRanges] != "":
		return Uncertain
	default:
		return Intercepted
	}
}

// KeepsSource says whether the sidecar hands connections on from the address that
// they come from.
func (w Workload) KeepsSource() bool {
	return w.Mesh() == Istio && w.Pod.MeshAnnotations[istioInterceptionMode] == istioKeepsSource
}

// BypassesAmbient says whether what arrives at the pods does not go through the
// proxy of an ambient mesh.
func (w Workload) BypassesAmbient() bool {
	return w.Pod.MeshAnnotations["ambient.istio.io/bypass-inbound-capture"] == "true"
}

func interception(taken bool) Interception {
	if taken {
		return Intercepted
	}
	return Free
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
