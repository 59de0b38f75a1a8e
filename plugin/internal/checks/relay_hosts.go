package checks

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// balancedHost is a host behind which any replica may answer.
type balancedHost struct {
	host deployment.Text
	// what describes it in a finding: "the access URL's host coder.example.com".
	what string
}

// matches compares a relay host with the balanced one, which may start with an
// asterisk that stands for a part of the first label.
func (b balancedHost) matches(host deployment.Text) bool {
	suffix, wildcard := strings.CutPrefix(string(b.host), "*")
	if !wildcard {
		return deployment.ServiceHost(b.host) == deployment.ServiceHost(host)
	}
	prefix, ok := strings.CutSuffix(string(host), suffix)
	return ok && prefix != "" && !strings.Contains(prefix, ".")
}

// balancedHosts are the hosts of the access URLs, of Ingresses and routes, and
// of the Services that select more than one replica.
func balancedHosts(d *deployment.Deployment, r deployment.Replica) []balancedHost {
	var hosts []balancedHost
	if access := r.Env(coder.AccessURL); access.Set() {
		if e, err := deployment.ParseEndpoint(access.Text); err == nil && e.Host != "" {
			hosts = append(hosts, balancedHost{e.Host, "the access URL's host " + access.Show(e.Host)})
		}
	}
	wildcard := r.Env(coder.WildcardAccessURL)
	if text, ok := wildcard.Text.Literal(); ok && text != "" {
		host, _, _ := strings.Cut(text, ":")
		hosts = append(hosts, balancedHost{deployment.Text(strings.ToLower(host)), "a host of the wildcard access URL " + wildcard.String()})
	}
	for _, f := range d.Frontends {
		for _, host := range f.Hosts {
			what := fmt.Sprintf("host %s of %s %s", host, f.Origin.Kind, f.Origin.Name)
			hosts = append(hosts, balancedHost{deployment.Text(strings.ToLower(host)), what})
		}
	}
	for _, s := range d.Services {
		if len(s.Selects) < 2 {
			continue
		}
		for _, host := range s.Hosts {
			hosts = append(hosts, balancedHost{deployment.Text(strings.ToLower(host)), "Service " + s.Name})
		}
	}
	return hosts
}

// containerPorts are the container ports that a peer reaches when it dials the relay
// URL: its own port, or what a Service or a host port makes of it.
func containerPorts(r relay) []int {
	port := r.endpoint.Port
	pod := r.d.Workloads[r.replica.Workload]
	for _, s := range r.d.Services {
		if s.Headless() || !hostOf(s, r.endpoint.Host) {
			continue
		}
		for _, p := range s.Spec.Ports {
			if int(p.Port) == port {
				return []int{targetPort(pod, p.TargetPort, port)}
			}
		}
	}
	ports := []int{port}
	if pod.Pod.Spec.HostNetwork || !r.endpoint.Host.IsField(deployment.FieldHostIP) {
		return ports
	}
	for _, p := range pod.CoderContainer().Ports {
		if int(p.HostPort) == port {
			ports = append(ports, int(p.ContainerPort))
		}
	}
	return ports
}

func hostOf(s deployment.Service, host deployment.Text) bool {
	for _, own := range s.Hosts {
		if (balancedHost{host: deployment.Text(strings.ToLower(own))}).matches(host) {
			return true
		}
	}
	return false
}

// targetPort is the container port that a Service's port leads to.
func targetPort(w deployment.Workload, target intstr.IntOrString, port int) int {
	if target.Type == intstr.Int {
		if target.IntVal == 0 {
			return port
		}
		return int(target.IntVal)
	}
	for _, c := range w.Pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == target.StrVal {
				return int(p.ContainerPort)
			}
		}
	}
	return 0
}
