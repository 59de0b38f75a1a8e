package kube

import (
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// gatewayProxies are the proxies that Istio runs for a Gateway of the Gateway API:
// beside it, with its name as a label. They are nil where the input does not say
// that Istio serves it.
func (in *input) gatewayProxies(namespace, name string) *deployment.Proxies {
	at := slices.IndexFunc(in.objects, func(o manifest.Object) bool {
		if o.Kind != "Gateway" || o.Group() != gatewayGroup || o.Namespace != namespace || o.Name != name {
			return false
		}
		class := o.Node("spec", "gatewayClassName")
		return class != nil && strings.HasPrefix(class.Value, "istio")
	})
	if at < 0 {
		return nil
	}
	return &deployment.Proxies{Namespace: namespace, Labels: map[string]string{gatewayGroup + "/gateway-name": name}}
}

// istioGateway is the part of Istio's own Gateway that says which proxies serve it.
type istioGateway struct {
	Spec struct {
		Selector map[string]string `json:"selector"`
	} `json:"spec"`
}

// virtualProxies are the proxies that serve a VirtualService. Without a gateway
// they are the sidecars of the clients, which may be anywhere.
func (in *input) virtualProxies(o manifest.Object, gateways []string) *deployment.Proxies {
	proxies := &deployment.Proxies{}
	for _, gateway := range gateways {
		if gateway == "mesh" {
			continue
		}
		namespace, name, qualified := strings.Cut(gateway, "/")
		if !qualified {
			namespace, name = o.Namespace, gateway
		}
		if namespace != o.Namespace {
			// Where a Gateway stands apart from the route, its proxies stand with it.
			proxies.Namespace = namespace
		}
		// A Gateway that does not decode selects nothing.
		_ = each(in, istioGroup, "Gateway", func(g manifest.Object, found istioGateway) {
			if g.Namespace == namespace && g.Name == name && len(found.Spec.Selector) > 0 {
				in.selectProxies(proxies, found.Spec.Selector)
			}
		})
		break
	}
	return proxies
}

// selectProxies finds the workload whose pods a Gateway selects. Those of Istio's
// default installation run in its own namespace.
func (in *input) selectProxies(proxies *deployment.Proxies, selector map[string]string) {
	proxies.Labels = selector
	if selector["istio"] == "ingressgateway" {
		proxies.Namespace = deployment.IstioRoot
	}
	for _, o := range in.objects {
		if !slices.Contains(workloadKinds, o.Kind) || !mentionsAll(o, selector) || o.Node("metadata", "ownerReferences") != nil {
			continue
		}
		var owner podOwner
		if o.Into(&owner) == nil && hasAll(owner.Spec.Template.Labels, selector) {
			proxies.Namespace, proxies.Labels = o.Namespace, owner.Spec.Template.Labels
		}
	}
}

// mentionsAll says whether an object may hold all values of a selector.
func mentionsAll(o manifest.Object, selector map[string]string) bool {
	for _, value := range selector {
		if !o.Mentions(value) {
			return false
		}
	}
	return true
}

func hasAll(labels, wanted map[string]string) bool {
	for key, value := range wanted {
		if has, ok := labels[key]; !ok || has != value {
			return false
		}
	}
	return true
}

// envoyFilter is the part of an EnvoyFilter that says what it acts on.
type envoyFilter struct {
	Spec struct {
		WorkloadSelector struct {
			Labels map[string]string `json:"labels"`
		} `json:"workloadSelector"`
		TargetRefs    []struct{ Kind, Name string } `json:"targetRefs"`
		ConfigPatches []struct {
			Match struct {
				Context string `json:"context"`
			} `json:"match"`
			Patch struct {
				Value any `json:"value"`
			} `json:"patch"`
		} `json:"configPatches"`
	} `json:"spec"`
}

// envoyFilters looks for those that let the "derp" upgrade through.
func (in *input) envoyFilters(d *deployment.Deployment) error {
	return each(in, istioGroup, "EnvoyFilter", func(o manifest.Object, filter envoyFilter) {
		found := deployment.EnvoyFilter{Namespace: o.Namespace, Labels: filter.Spec.WorkloadSelector.Labels, Origin: origin(o, "spec")}
		for _, ref := range filter.Spec.TargetRefs {
			if ref.Kind == "Gateway" {
				found.Labels = map[string]string{gatewayGroup + "/gateway-name": ref.Name}
			}
		}
		for _, patch := range filter.Spec.ConfigPatches {
			if !hasDERPUpgrade(patch.Patch.Value) {
				continue
			}
			switch patch.Match.Context {
			case "GATEWAY":
				found.Gateways = true
			case "SIDECAR_INBOUND":
				found.Sidecars = true
			case "", "ANY":
				found.Gateways, found.Sidecars = true, true
			}
		}
		if found.Gateways || found.Sidecars {
			d.DERPFilters = append(d.DERPFilters, found)
		}
	})
}

// hasDERPUpgrade looks for upgrade_type: derp at any depth: its place differs
// between a listener's filter and a route.
func hasDERPUpgrade(tree any) bool {
	switch tree := tree.(type) {
	case map[string]any:
		for key, value := range tree {
			text, _ := value.(string)
			if (key == "upgrade_type" || key == "upgradeType") && strings.EqualFold(text, "derp") || hasDERPUpgrade(value) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(tree, hasDERPUpgrade)
	}
	return false
}
