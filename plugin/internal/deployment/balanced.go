package deployment

import (
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// BalancedHost is a host behind which any replica may answer.
type BalancedHost struct {
	Host Text
	// What describes it for people: "the access URL's host coder.example.com".
	What string
}

// Matches compares a host with the balanced one, which may start with an
// asterisk that stands for a part of the first label.
func (b BalancedHost) Matches(host Text) bool {
	suffix, wildcard := strings.CutPrefix(string(b.Host), "*")
	if !wildcard {
		return ServiceHost(b.Host) == ServiceHost(host)
	}
	prefix, ok := strings.CutSuffix(string(host), suffix)
	return ok && prefix != "" && !strings.Contains(prefix, ".")
}

// BalancedHosts are the hosts of a replica's access URLs, of Ingresses and
// routes, and of the Services that select more than one replica.
func (d *Deployment) BalancedHosts(r Replica) []BalancedHost {
	var hosts []BalancedHost
	for _, of := range d.sharingAccessURL(r) {
		access := of.Env(coder.AccessURL)
		if e, err := ParseEndpoint(access.Text); access.Set() && err == nil && e.Host != "" {
			hosts = append(hosts, BalancedHost{e.Host, "the access URL's host " + access.Show(e.Host)})
		}
	}
	wildcard := r.Env(coder.WildcardAccessURL)
	if text, ok := wildcard.Text.Literal(); ok && text != "" {
		host, _, _ := strings.Cut(text, ":")
		hosts = append(hosts, BalancedHost{Text(strings.ToLower(host)), "a host of the wildcard access URL " + wildcard.String()})
	}
	for _, f := range d.Frontends {
		for _, host := range f.Hosts {
			what := fmt.Sprintf("host %s of %s %s", host, f.Origin.Kind, f.Origin.Name)
			hosts = append(hosts, BalancedHost{Text(strings.ToLower(host)), what})
		}
	}
	for _, s := range d.Services {
		if len(s.Selects) < 2 {
			continue
		}
		for _, host := range s.Hosts {
			hosts = append(hosts, BalancedHost{Text(strings.ToLower(host)), "Service " + s.Name})
		}
	}
	return hosts
}

// sharingAccessURL are the replicas whose access URL is meant to be that of a
// replica: those of Kubernetes are made alike, and hosts are each written by hand.
func (d *Deployment) sharingAccessURL(r Replica) []Replica {
	if d.OnHost(r) {
		return d.Replicas
	}
	return []Replica{r}
}

// DialedPorts are the container ports that a peer reaches when it dials an
// endpoint of a replica: the endpoint's own port, or what a Service or a host
// port makes of it. The first one is the most direct.
func (d *Deployment) DialedPorts(r Replica, e Endpoint) []int {
	pod := d.Workloads[r.Workload].Pod
	ports := []int{e.Port}
	if pod == nil {
		return ports
	}
	for _, s := range d.Services {
		if s.Headless || !s.Serves(e.Host) {
			continue
		}
		if target, ok := s.Target(e.Port, pod); ok {
			return []int{target}
		}
	}
	if pod.HostNetwork || !e.Host.IsField(FieldHostIP) {
		return ports
	}
	for _, p := range pod.CoderContainer().Ports {
		if p.HostPort == e.Port {
			ports = append(ports, p.ContainerPort)
		}
	}
	return ports
}
