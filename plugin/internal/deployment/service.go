package deployment

import (
	"strings"
)

// Service selects replicas.
type Service struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Type is ClusterIP, NodePort or LoadBalancer.
	Type string `json:"type"`
	// Headless says that the name resolves to the pods themselves.
	Headless bool          `json:"headless,omitempty"`
	Ports    []ServicePort `json:"ports,omitempty"`
	// Selects are the indexes of the replicas that it selects.
	Selects []int `json:"selects"`
	// Hosts are the names and addresses under which it is reached.
	Hosts []string `json:"hosts"`
	// Others are workloads that it sends users to as well, and that are no replicas.
	Others []OtherPods `json:"others,omitempty"`
	// ClientIP says that it keeps a client with one replica, by its address.
	ClientIP bool `json:"clientIP,omitempty"`
	// AWS says that Kubernetes' own provider for AWS makes its load balancer.
	AWS    bool   `json:"aws,omitempty"`
	Origin Origin `json:"origin"`
}

// OtherPods are pods behind a Service that are no replicas.
type OtherPods struct {
	// What names what runs them: Deployment coder/proxy.
	What string `json:"what"`
	// Ports are the ports of the Service that lead to them.
	Ports []int `json:"ports"`
}

// ServicePort leads from a port of the Service to one of its pods.
type ServicePort struct {
	Port int `json:"port"`
	// TargetPort is the port of the container, 0 where it has the name TargetName.
	TargetPort int    `json:"targetPort,omitempty"`
	TargetName string `json:"targetName,omitempty"`
}

// External says that the Service itself is reached from outside the cluster.
func (s Service) External() bool { return s.Type == "LoadBalancer" || s.Type == "NodePort" }

// Serves says whether a host is one of the Service's.
func (s Service) Serves(host Text) bool {
	for _, own := range s.Hosts {
		if (BalancedHost{Host: Text(strings.ToLower(own))}).Matches(host) {
			return true
		}
	}
	return false
}

// InCluster says whether a host is one of the names that only the cluster knows.
func (s Service) InCluster(host Text) bool {
	name := string(ServiceHost(host))
	return name == s.Name || name == s.Name+"."+s.Namespace || name == s.Name+"."+s.Namespace+".svc"
}

// Target is the container port behind a port of the Service; ok is false where
// the Service does not have the port.
func (s Service) Target(port int, pod *Pod) (target int, ok bool) {
	for _, p := range s.Ports {
		if p.Port == port {
			return p.target(pod), true
		}
	}
	return 0, false
}

func (p ServicePort) target(pod *Pod) int {
	if p.TargetName != "" {
		return pod.PortNamed(p.TargetName)
	}
	return p.TargetPort
}

// ServiceHost brings the in-cluster names of a Service into one form: what
// stands behind ".svc" is the cluster's domain.
func ServiceHost(host Text) Text {
	if at := strings.Index(string(host), ".svc."); at >= 0 {
		return host[:at+len(".svc")]
	}
	return host
}
