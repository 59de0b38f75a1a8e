package deployment

// Proxies are those of Istio that serve a frontend.
type Proxies struct {
	// Namespace is where they run; empty where the input does not tell.
	Namespace string `json:"namespace,omitempty"`
	// Labels are theirs; nil where the input does not tell.
	Labels map[string]string `json:"labels,omitempty"`
}

// EnvoyFilter lets the "derp" upgrade through proxies of Istio.
type EnvoyFilter struct {
	Namespace string `json:"namespace"`
	// Labels are those that a proxy must have; empty for all.
	Labels map[string]string `json:"labels,omitempty"`
	// Gateways and Sidecars are the kinds of proxies that it is for; of sidecars,
	// what they take inbound.
	Gateways bool `json:"gateways,omitempty"`
	Sidecars bool `json:"sidecars,omitempty"`
	// Origin is where it can be changed.
	Origin Origin `json:"origin"`
}

// IstioRoot is the namespace whose EnvoyFilters act on the whole mesh: the default
// of meshConfig.rootNamespace, and Istio's own.
const IstioRoot = "istio-system"

// Coverage says whether an EnvoyFilter acts on proxies.
type Coverage int

// What is known of an EnvoyFilter.
const (
	Misses Coverage = iota
	MayCover
	Covers
)

// Covers says whether the filter acts on proxies of its kind: on those of its own
// namespace, or on all if that is the root of the mesh.
func (f EnvoyFilter) Covers(p Proxies) Coverage {
	if p.Labels != nil && !subset(f.Labels, p.Labels) {
		return Misses
	}
	switch {
	case f.Namespace == IstioRoot, f.Namespace == p.Namespace:
		return Covers
	case p.Namespace == "":
		return MayCover
	default:
		return Misses
	}
}

func subset(wanted, labels map[string]string) bool {
	for key, value := range wanted {
		if has, ok := labels[key]; !ok || has != value {
			return false
		}
	}
	return true
}
