package kube

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// pod is what verdicts rest on of a pod template; coderd runs in the container of
// that index.
func pod(template corev1.PodTemplateSpec, coder int) *deployment.Pod {
	out := &deployment.Pod{
		Labels: template.Labels, HostNetwork: template.Spec.HostNetwork,
		Containers: containers(template.Spec.Containers), Coder: coder, InitContainers: containers(template.Spec.InitContainers),
	}
	if out.HostNetwork {
		// The API server makes every declared port a port of the node then
		// (k8s.io/kubernetes pkg/apis/core/v1, SetDefaults_Pod).
		for _, c := range slices.Concat(out.Containers, out.InitContainers) {
			for i := range c.Ports {
				c.Ports[i].HostPort = cmp.Or(c.Ports[i].HostPort, c.Ports[i].ContainerPort)
			}
		}
	}
	policy := template.Spec.DNSPolicy
	out.NodeDNS = policy == corev1.DNSDefault || policy == corev1.DNSNone || out.HostNetwork && policy != corev1.DNSClusterFirstWithHostNet
	if config := template.Spec.DNSConfig; config != nil {
		out.DNSSearches = config.Searches
	}
	out.MeshAnnotations = meshAnnotations(template.Annotations)
	if affinity := template.Spec.Affinity; affinity != nil && affinity.PodAntiAffinity != nil {
		for _, term := range affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			out.AntiAffinity = append(out.AntiAffinity, deployment.AntiAffinityTerm{
				TopologyKey: term.TopologyKey, Selector: selector(term.LabelSelector),
			})
		}
	}
	out.Spread = spread(template.Spec)
	return out
}

// spread are the rules that keep a pod away from others.
func spread(pod corev1.PodSpec) []deployment.SpreadRule {
	var out []deployment.SpreadRule
	if pod.Affinity != nil && pod.Affinity.PodAntiAffinity != nil {
		const field = "affinity.podAntiAffinity"
		for _, term := range pod.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			out = append(out, affinityRule(field, term))
		}
		for _, term := range pod.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			out = append(out, affinityRule(field, term.PodAffinityTerm))
		}
	}
	for _, constraint := range pod.TopologySpreadConstraints {
		out = append(out, deployment.SpreadRule{
			Field: "topologySpreadConstraints", TopologyKey: constraint.TopologyKey, Selector: selector(constraint.LabelSelector),
		})
	}
	return out
}

func affinityRule(field string, term corev1.PodAffinityTerm) deployment.SpreadRule {
	return deployment.SpreadRule{
		Field: field, TopologyKey: term.TopologyKey, Selector: selector(term.LabelSelector),
		Namespaces: term.Namespaces, AnyNamespace: term.NamespaceSelector != nil,
	}
}

func containers(all []corev1.Container) []deployment.Container {
	var out []deployment.Container
	for _, c := range all {
		one := deployment.Container{
			Name: c.Name, Image: c.Image, Probes: probes(c),
			Restarts: c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways,
		}
		for _, p := range c.Ports {
			one.Ports = append(one.Ports, deployment.ContainerPort{
				Name: p.Name, ContainerPort: int(p.ContainerPort), HostPort: int(p.HostPort),
			})
		}
		for _, m := range c.VolumeMounts {
			one.MountPaths = append(one.MountPaths, m.MountPath)
		}
		out = append(out, one)
	}
	return out
}

// meshAnnotations are those that service meshes read; nil where there are none.
func meshAnnotations(all map[string]string) map[string]string {
	var found map[string]string
	for key, value := range all {
		if !deployment.IsMeshAnnotation(key) {
			continue
		}
		if found == nil {
			found = map[string]string{}
		}
		found[key] = value
	}
	return found
}
