package kube

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// externalDNS are the annotations by which ExternalDNS publishes a Service.
var externalDNS = []string{"external-dns.alpha.kubernetes.io/hostname", "external-dns.alpha.kubernetes.io/internal-hostname"}

// services gathers the Services of the input, and more of those that select
// replicas.
func (in *input) services(d *deployment.Deployment) error {
	for _, o := range in.objects {
		switch {
		case o.Kind != "Service" || o.Group() != "":
		case in.far(o):
			d.ServiceNames = append(d.ServiceNames, farService(o))
		default:
			var s corev1.Service
			if err := o.Into(&s); err != nil {
				return err
			}
			in.service(d, o, s)
		}
	}
	return nil
}

func (in *input) service(d *deployment.Deployment, o manifest.Object, s corev1.Service) {
	s.Namespace = o.Namespace
	var selected []int
	for i, r := range d.Replicas {
		if len(s.Spec.Selector) > 0 && d.Workloads[r.Workload].Namespace == s.Namespace &&
			labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(r.Labels)) {
			selected = append(selected, i)
		}
	}
	d.ServiceNames = append(d.ServiceNames, deployment.ServiceName{
		Namespace: s.Namespace, Name: o.Name, Headless: s.Spec.ClusterIP == corev1.ClusterIPNone,
		Selector: len(s.Spec.Selector) > 0, Selects: len(selected) > 0,
	})
	if len(selected) == 0 {
		return
	}
	d.ServiceFamily = cmp.Or(d.ServiceFamily, servedFamily(s))
	found := deployment.Service{
		Namespace: s.Namespace, Name: s.Name, Type: string(cmp.Or(s.Spec.Type, corev1.ServiceTypeClusterIP)), Headless: s.Spec.ClusterIP == corev1.ClusterIPNone,
		Selects: selected, Hosts: serviceHosts(s), Origin: origin(o, "spec"),
	}
	for _, p := range s.Spec.Ports {
		target := deployment.ServicePort{Port: int(p.Port), TargetPort: int(p.TargetPort.IntVal), TargetName: p.TargetPort.StrVal}
		if target.TargetName == "" {
			target.TargetPort = cmp.Or(target.TargetPort, target.Port)
		}
		found.Ports = append(found.Ports, target)
	}
	found.ClientIP = s.Spec.SessionAffinity == corev1.ServiceAffinityClientIP
	found.AWS = s.Spec.Type == corev1.ServiceTypeLoadBalancer && ownAWS(s)
	found.Others = in.others(d, s)
	d.Services = append(d.Services, found)
}

// farService is what is read of a Service that selects no replica.
func farService(o manifest.Object) deployment.ServiceName {
	address, selector := o.Node("spec", "clusterIP"), o.Node("spec", "selector")
	return deployment.ServiceName{
		Namespace: o.Namespace, Name: o.Name, Headless: address != nil && address.Value == corev1.ClusterIPNone,
		Selector: selector != nil && len(selector.Content) > 0,
	}
}

// servedFamily is the one IP family of a Service; empty where it may have two.
func servedFamily(s corev1.Service) string {
	dual := s.Spec.IPFamilyPolicy != nil && *s.Spec.IPFamilyPolicy != corev1.IPFamilyPolicySingleStack
	if len(s.Spec.IPFamilies) == 1 && !dual {
		return string(s.Spec.IPFamilies[0])
	}
	return ""
}

// ownAWS says whether the annotations of a Service are for Kubernetes' own provider
// for AWS, and not for the AWS Load Balancer Controller
// (https://kubernetes-sigs.github.io/aws-load-balancer-controller).
func ownAWS(s corev1.Service) bool {
	const prefix = "service.beta.kubernetes.io/aws-load-balancer-"
	kind := s.Annotations[prefix+"type"]
	if s.Spec.LoadBalancerClass != nil || kind == "external" || kind == "nlb-ip" {
		return false
	}
	for key := range s.Annotations {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// others are the workloads beside the replicas that a Service selects. A port that
// has a name leads only to pods that declare it.
func (in *input) others(d *deployment.Deployment, s corev1.Service) []deployment.OtherPods {
	var found []deployment.OtherPods
	for _, w := range in.owners {
		template := w.owner.Spec.Template
		if w.Namespace != s.Namespace || w.Replicas == 0 || isReplica(d, w) || !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(template.Labels)) {
			continue
		}
		other := deployment.OtherPods{What: w.object.String()}
		for _, port := range s.Spec.Ports {
			if name := port.TargetPort.StrVal; name == "" || w.Pod.PortNamed(name) != 0 {
				other.Ports = append(other.Ports, int(port.Port))
			}
		}
		if len(other.Ports) > 0 {
			found = append(found, other)
		}
	}
	return found
}

// isReplica says whether a workload runs replicas of the deployment.
func isReplica(d *deployment.Deployment, w workload) bool {
	return slices.ContainsFunc(d.Workloads, func(known deployment.Workload) bool {
		return known.Kind == w.Kind && known.Namespace == w.Namespace && known.Name == w.Name
	})
}

// serviceHosts are the names and addresses that lead to a Service.
func serviceHosts(s corev1.Service) []string {
	hosts := []string{s.Name, s.Name + "." + s.Namespace, s.Name + "." + s.Namespace + ".svc"}
	for _, address := range append([]string{s.Spec.ClusterIP, s.Spec.LoadBalancerIP}, append(s.Spec.ClusterIPs, s.Spec.ExternalIPs...)...) {
		if _, err := netip.ParseAddr(address); err == nil {
			hosts = append(hosts, address)
		}
	}
	for _, entry := range s.Status.LoadBalancer.Ingress {
		for _, host := range []string{entry.IP, entry.Hostname} {
			if host != "" {
				hosts = append(hosts, host)
			}
		}
	}
	for _, annotation := range externalDNS {
		for host := range strings.SplitSeq(s.Annotations[annotation], ",") {
			if host = strings.TrimSpace(host); host != "" {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}
