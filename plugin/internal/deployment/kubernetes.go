package deployment

import "slices"

// Pod is what verdicts rest on of the pods that a Kubernetes workload makes.
type Pod struct {
	Labels map[string]string `json:"labels,omitempty"`
	// MeshAnnotations are those of the service meshes, and no others.
	MeshAnnotations map[string]string `json:"meshAnnotations,omitempty"`
	// HostNetwork says that the pods share the network of their node.
	HostNetwork bool `json:"hostNetwork,omitempty"`
	// NodeDNS says that the pods do not ask the DNS of the cluster.
	NodeDNS bool `json:"nodeDNS,omitempty"`
	// DNSSearches are domains that the pods search beside the usual ones.
	DNSSearches []string `json:"dnsSearches,omitempty"`
	// Containers run side by side; Coder is the index of coderd's.
	Containers     []Container `json:"containers"`
	Coder          int         `json:"coder"`
	InitContainers []Container `json:"initContainers,omitempty"`
	// LocalProxies are what puts proxies into the pods when they are made, which may
	// take connections on localhost: AuthProxyWorkload coder/sql.
	LocalProxies []string `json:"localProxies,omitempty"`
	// AntiAffinity are the required terms of the pod anti-affinity.
	AntiAffinity []AntiAffinityTerm `json:"antiAffinity,omitempty"`
	// Spread are all rules that keep it away from other pods.
	Spread []SpreadRule `json:"spread,omitempty"`
	// ReadinessGates are conditions that others set, and without which no pod is ready.
	ReadinessGates []string `json:"readinessGates,omitempty"`
	// GraceSeconds is how long the pod may take to stop, with the API server's default.
	GraceSeconds int `json:"graceSeconds"`
	// PreStop is the hook of coderd's container; nil where it has none.
	PreStop *PreStop `json:"preStop,omitempty"`
	// Resources are those of coderd's container.
	Resources Resources `json:"resources"`
	// Mounts are those of coderd's container.
	Mounts []Mount `json:"mounts,omitempty"`
}

// Container is one container of a pod.
type Container struct {
	Name  string          `json:"name"`
	Image string          `json:"image"`
	Ports []ContainerPort `json:"ports,omitempty"`
	// Restarts says of an init container that it keeps running beside the others.
	Restarts bool `json:"restarts,omitempty"`
	// MountPaths are where volumes are mounted.
	MountPaths []string `json:"mountPaths,omitempty"`
	Probes     Probes   `json:"probes"`
}

// ContainerPort is a port that a container declares.
type ContainerPort struct {
	Name          string `json:"name,omitempty"`
	ContainerPort int    `json:"containerPort"`
	// HostPort is the port of the node; 0 where the container asks for none.
	HostPort int `json:"hostPort,omitempty"`
}

// AntiAffinityTerm keeps a pod away from those that its selector matches.
type AntiAffinityTerm struct {
	TopologyKey string `json:"topologyKey"`
	// Selector is nil where the term has none.
	Selector *Selector `json:"selector,omitempty"`
}

// CoderContainer is coderd's container.
func (p *Pod) CoderContainer() Container { return p.Containers[p.Coder] }

// Running are the containers that run as long as the pod does.
func (p *Pod) Running() []Container {
	running := slices.Clone(p.Containers)
	for _, c := range p.InitContainers {
		if c.Restarts {
			running = append(running, c)
		}
	}
	return running
}

// AllContainers are the containers of the pod, and then its init containers.
func (p *Pod) AllContainers() []Container { return slices.Concat(p.Containers, p.InitContainers) }

// hostnameLabel is the label of a node that holds its name
// (https://kubernetes.io/docs/reference/labels-annotations-taints/).
const hostnameLabel = "kubernetes.io/hostname"

// KeptApart says whether a required anti-affinity keeps pods with these labels
// on different nodes.
func (p *Pod) KeptApart(labels map[string]string) bool {
	return slices.ContainsFunc(p.AntiAffinity, func(term AntiAffinityTerm) bool {
		return term.TopologyKey == hostnameLabel && term.Selector != nil && term.Selector.Matches(labels)
	})
}

// HasHostPort says whether coderd's container asks for a port of its node, so that
// the node's address leads to it.
func (p *Pod) HasHostPort() bool { return p.CoderContainer().hasHostPort() }

// TakesHostPort says whether any container asks for a port of its node, so that the
// scheduler keeps two of the pods apart.
func (p *Pod) TakesHostPort() bool { return slices.ContainsFunc(p.Running(), Container.hasHostPort) }

func (c Container) hasHostPort() bool {
	return slices.ContainsFunc(c.Ports, func(port ContainerPort) bool { return port.HostPort != 0 })
}

// PortNamed is the container port of that name; 0 where there is none.
func (p *Pod) PortNamed(name string) int {
	for _, c := range p.Containers {
		for _, port := range c.Ports {
			if port.Name == name {
				return port.ContainerPort
			}
		}
	}
	return 0
}
