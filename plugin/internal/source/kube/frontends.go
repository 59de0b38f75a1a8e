package kube

import (
	"cmp"
	"regexp"
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

// gatewayRoute is the part of an HTTPRoute or TLSRoute that says where it leads.
type gatewayRoute struct {
	Spec struct {
		ParentRefs []struct{ Name, Namespace string } `json:"parentRefs"`
		Hostnames  []string                           `json:"hostnames"`
		Rules      []struct {
			BackendRefs []struct{ Name, Namespace string } `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
}

// virtualService is the part of an Istio VirtualService that says where it
// leads.
type virtualService struct {
	Spec struct {
		Hosts    []string       `json:"hosts"`
		Gateways []string       `json:"gateways"`
		HTTP     []virtualRoute `json:"http"`
		TLS      []virtualRoute `json:"tls"`
		TCP      []virtualRoute `json:"tcp"`
	} `json:"spec"`
}

type virtualRoute struct {
	Route []struct {
		Destination struct{ Host string } `json:"destination"`
	} `json:"route"`
}

// openShiftRoute is the part of an OpenShift Route that says where it leads.
type openShiftRoute struct {
	Spec struct {
		Host string
		To   struct{ Name string }
	} `json:"spec"`
}

// proxyRoute is the part of Traefik's IngressRoute and Contour's HTTPProxy that says
// where it leads.
type proxyRoute struct {
	Spec struct {
		VirtualHost struct {
			FQDN string `json:"fqdn"`
		} `json:"virtualhost"`
		Routes []struct {
			Match    string                             `json:"match"`
			Services []struct{ Name, Namespace string } `json:"services"`
		} `json:"routes"`
	} `json:"spec"`
}

// hosts are those of the route: Contour's, and those in the rules of Traefik.
func (p proxyRoute) hosts() []string {
	var hosts []string
	if p.Spec.VirtualHost.FQDN != "" {
		hosts = append(hosts, p.Spec.VirtualHost.FQDN)
	}
	for _, route := range p.Spec.Routes {
		for _, rule := range hostRule.FindAllStringSubmatch(route.Match, -1) {
			for name := range strings.SplitSeq(rule[1], ",") {
				hosts = append(hosts, strings.Trim(name, " `\"'"))
			}
		}
	}
	return hosts
}

// hostRule is Host(`a`), or Host(`a`, `b`) of Traefik 2. What a ! negates leads
// elsewhere.
var hostRule = regexp.MustCompile(`(?:^|[^\w!])Host\(([^)]*)\)`)

// backend is a Service that a frontend names.
type backend struct{ namespace, name string }

// frontends gathers what leads users to the Services of the replicas.
func (in *input) frontends(d *deployment.Deployment) error {
	leads := func(backends []backend) bool {
		return slices.ContainsFunc(d.Services, func(s deployment.Service) bool {
			return slices.Contains(backends, backend{s.Namespace, s.Name})
		})
	}
	add := func(o manifest.Object, istio *deployment.Proxies, hosts []string, backends []backend) {
		if leads(backends) {
			d.Frontends = append(d.Frontends, deployment.Frontend{Origin: origin(o, "spec"), Hosts: hosts, Istio: istio})
		}
	}
	if err := eachNear(in, networkingv1.GroupName, "Ingress", func(o manifest.Object, ing networkingv1.Ingress) {
		class := ing.Annotations["kubernetes.io/ingress.class"]
		if ing.Spec.IngressClassName != nil {
			class = *ing.Spec.IngressClassName
		}
		var proxies *deployment.Proxies
		if strings.Contains(class, "istio") {
			proxies = &deployment.Proxies{Namespace: deployment.IstioRoot, Labels: map[string]string{"istio": "ingressgateway"}}
		}
		hosts, names := ingressTargets(ing)
		var backends []backend
		for _, name := range names {
			backends = append(backends, backend{o.Namespace, name})
		}
		add(o, proxies, hosts, backends)
	}); err != nil {
		return err
	}
	for _, kind := range []string{"HTTPRoute", "TLSRoute"} {
		if err := each(in, gatewayGroup, kind, func(o manifest.Object, route gatewayRoute) {
			var backends []backend
			for _, rule := range route.Spec.Rules {
				for _, ref := range rule.BackendRefs {
					backends = append(backends, backend{cmp.Or(ref.Namespace, o.Namespace), ref.Name})
				}
			}
			var proxies *deployment.Proxies
			for _, parent := range route.Spec.ParentRefs {
				// What stays encrypted has no upgrade that a proxy could drop.
				if kind == "HTTPRoute" && proxies == nil {
					proxies = in.gatewayProxies(cmp.Or(parent.Namespace, o.Namespace), parent.Name)
				}
			}
			add(o, proxies, route.Spec.Hostnames, backends)
		}); err != nil {
			return err
		}
	}
	if err := each(in, istioGroup, "VirtualService", func(o manifest.Object, vs virtualService) {
		proxies := in.virtualProxies(o, vs.Spec.Gateways)
		backends := destinations(o.Namespace, vs.Spec.HTTP)
		if !leads(backends) {
			proxies, backends = nil, append(destinations(o.Namespace, vs.Spec.TLS), destinations(o.Namespace, vs.Spec.TCP)...)
		}
		add(o, proxies, vs.Spec.Hosts, backends)
	}); err != nil {
		return err
	}
	for _, route := range []struct{ group, kind string }{
		{"traefik.io", "IngressRoute"}, {"traefik.containo.us", "IngressRoute"}, {"projectcontour.io", "HTTPProxy"},
	} {
		if err := each(in, route.group, route.kind, func(o manifest.Object, p proxyRoute) {
			var backends []backend
			for _, rule := range p.Spec.Routes {
				for _, service := range rule.Services {
					backends = append(backends, backend{cmp.Or(service.Namespace, o.Namespace), service.Name})
				}
			}
			add(o, nil, p.hosts(), backends)
		}); err != nil {
			return err
		}
	}
	return eachNear(in, "route.openshift.io", "Route", func(o manifest.Object, route openShiftRoute) {
		add(o, nil, []string{route.Spec.Host}, []backend{{o.Namespace, route.Spec.To.Name}})
	})
}

// destinations are the Services that the routes of a VirtualService name: NAME in
// the namespace of the VirtualService, or NAME.NAMESPACE with or without what
// follows.
func destinations(namespace string, routes []virtualRoute) []backend {
	var found []backend
	for _, rule := range routes {
		for _, route := range rule.Route {
			labels := strings.Split(route.Destination.Host, ".")
			to := backend{namespace, labels[0]}
			if len(labels) > 1 {
				to.namespace = labels[1]
			}
			found = append(found, to)
		}
	}
	return found
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
