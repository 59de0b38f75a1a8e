package kube

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

const (
	gatewayGroup = "gateway.networking.k8s.io"
	istioGroup   = "networking.istio.io"
)

// httpRoute is the part of an HTTPRoute that says where it leads.
type httpRoute struct {
	Spec struct {
		ParentRefs []struct{ Name, Namespace string } `json:"parentRefs"`
		Hostnames  []string                           `json:"hostnames"`
		Rules      []struct {
			BackendRefs []struct{ Name string } `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
}

// virtualService is the part of an Istio VirtualService that says where it
// leads.
type virtualService struct {
	Spec struct {
		Hosts []string `json:"hosts"`
		HTTP  []struct {
			Route []struct {
				Destination struct{ Host string } `json:"destination"`
			} `json:"route"`
		} `json:"http"`
	} `json:"spec"`
}

// openShiftRoute is the part of an OpenShift Route that says where it leads.
type openShiftRoute struct {
	Spec struct {
		Host string
		To   struct{ Name string }
	} `json:"spec"`
}

// frontends gathers what leads users to the Services of the replicas.
func (in *input) frontends(d *deployment.Deployment) error {
	leads := func(namespace string, backends []string) bool {
		return slices.ContainsFunc(d.Services, func(s deployment.Service) bool {
			return s.Namespace == namespace && slices.Contains(backends, s.Name)
		})
	}
	add := func(o manifest.Object, istio bool, hosts, backends []string) {
		if leads(o.Namespace, backends) {
			d.Frontends = append(d.Frontends, deployment.Frontend{Origin: origin(o, "spec"), Hosts: hosts, Istio: istio})
		}
	}
	istioGateways := in.istioGateways()
	if err := each(in, networkingv1.GroupName, "Ingress", func(o manifest.Object, ing networkingv1.Ingress) {
		class := ing.Annotations["kubernetes.io/ingress.class"]
		if ing.Spec.IngressClassName != nil {
			class = *ing.Spec.IngressClassName
		}
		hosts, backends := ingressTargets(ing)
		add(o, strings.Contains(class, "istio"), hosts, backends)
	}); err != nil {
		return err
	}
	if err := each(in, gatewayGroup, "HTTPRoute", func(o manifest.Object, route httpRoute) {
		var backends []string
		for _, rule := range route.Spec.Rules {
			for _, ref := range rule.BackendRefs {
				backends = append(backends, ref.Name)
			}
		}
		istio := false
		for _, parent := range route.Spec.ParentRefs {
			if parent.Namespace == "" {
				parent.Namespace = o.Namespace
			}
			istio = istio || slices.Contains(istioGateways, parent.Namespace+"/"+parent.Name)
		}
		add(o, istio, route.Spec.Hostnames, backends)
	}); err != nil {
		return err
	}
	if err := each(in, istioGroup, "VirtualService", func(o manifest.Object, vs virtualService) {
		var backends []string
		for _, rule := range vs.Spec.HTTP {
			for _, route := range rule.Route {
				name, _, _ := strings.Cut(route.Destination.Host, ".")
				backends = append(backends, name)
			}
		}
		add(o, true, vs.Spec.Hosts, backends)
	}); err != nil {
		return err
	}
	return each(in, "route.openshift.io", "Route", func(o manifest.Object, route openShiftRoute) {
		add(o, false, []string{route.Spec.Host}, []string{route.Spec.To.Name})
	})
}

// ingressTargets are the hosts and Services that an Ingress names.
func ingressTargets(ing networkingv1.Ingress) (hosts, backends []string) {
	backend := func(b *networkingv1.IngressBackend) {
		if b != nil && b.Service != nil {
			backends = append(backends, b.Service.Name)
		}
	}
	backend(ing.Spec.DefaultBackend)
	for _, rule := range ing.Spec.Rules {
		if rule.Host != "" {
			hosts = append(hosts, rule.Host)
		}
		if rule.HTTP == nil {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			backend(&path.Backend)
		}
	}
	return hosts, backends
}

// istioGateways are the Gateways of the input that Istio serves.
func (in *input) istioGateways() []string {
	var found []string
	for _, o := range in.objects {
		class := o.Node("spec", "gatewayClassName")
		if o.Kind == "Gateway" && o.Group() == gatewayGroup && class != nil && strings.HasPrefix(class.Value, "istio") {
			found = append(found, o.Namespace+"/"+o.Name)
		}
	}
	return found
}

// envoyFilters looks for one that lets the "derp" upgrade through.
func (in *input) envoyFilters(d *deployment.Deployment) error {
	return each(in, istioGroup, "EnvoyFilter", func(_ manifest.Object, filter map[string]any) {
		d.DERPUpgrade = d.DERPUpgrade || hasDERPUpgrade(filter)
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
