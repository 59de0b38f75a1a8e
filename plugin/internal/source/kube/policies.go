package kube

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// policies gathers the NetworkPolicies that select replicas.
func (in *input) policies(d *deployment.Deployment) error {
	return eachNear(in, networkingv1.GroupName, "NetworkPolicy", func(o manifest.Object, p networkingv1.NetworkPolicy) {
		p.Namespace = o.Namespace
		d.Policies = append(d.Policies, Policies(d, p, origin(o, "spec"))...)
	})
}

// Policies is a NetworkPolicy in the model, if it selects replicas.
func Policies(d *deployment.Deployment, p networkingv1.NetworkPolicy, at deployment.Origin) []deployment.Policy {
	found := deployment.Policy{
		Namespace: p.Namespace, Name: p.Name, Pods: *selector(&p.Spec.PodSelector), Origin: at,
		RestrictsIngress: directs(p, networkingv1.PolicyTypeIngress), RestrictsEgress: directs(p, networkingv1.PolicyTypeEgress),
	}
	if !slices.ContainsFunc(d.Replicas, func(r deployment.Replica) bool {
		return d.Workloads[r.Workload].Namespace == p.Namespace && found.Pods.Matches(r.Labels)
	}) {
		return nil
	}
	for _, rule := range p.Spec.Ingress {
		found.Ingress = append(found.Ingress, policyRule(rule.Ports, rule.From))
	}
	for _, rule := range p.Spec.Egress {
		found.Egress = append(found.Egress, policyRule(rule.Ports, rule.To))
	}
	return []deployment.Policy{found}
}

// directs says whether a policy restricts a direction: it names it, or by
// default restricts ingress, and egress if it has egress rules.
func directs(p networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	if len(p.Spec.PolicyTypes) > 0 {
		return slices.Contains(p.Spec.PolicyTypes, direction)
	}
	return direction == networkingv1.PolicyTypeIngress || len(p.Spec.Egress) > 0
}

func policyRule(ports []networkingv1.NetworkPolicyPort, peers []networkingv1.NetworkPolicyPeer) deployment.PolicyRule {
	var rule deployment.PolicyRule
	for _, p := range ports {
		out := deployment.PolicyPort{Protocol: string(corev1.ProtocolTCP)}
		if p.Protocol != nil {
			out.Protocol = cmp.Or(string(*p.Protocol), out.Protocol)
		}
		if p.Port != nil {
			if p.Port.Type == intstr.String {
				out.Name = p.Port.StrVal
			} else {
				out.Port = int(p.Port.IntVal)
			}
		}
		if p.EndPort != nil {
			out.EndPort = int(*p.EndPort)
		}
		rule.Ports = append(rule.Ports, out)
	}
	for _, p := range peers {
		out := deployment.PolicyPeer{Namespaces: selector(p.NamespaceSelector), Pods: selector(p.PodSelector)}
		if p.IPBlock != nil {
			out.IPBlock = &deployment.IPBlock{CIDR: p.IPBlock.CIDR, Except: p.IPBlock.Except}
		}
		rule.Peers = append(rule.Peers, out)
	}
	return rule
}
