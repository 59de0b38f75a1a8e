package deployment

import (
	"fmt"
	"slices"
	"strings"
)

// ServiceName is a Service of the input in short, whatever it selects.
type ServiceName struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Headless says that DNS has names of its pods.
	Headless bool `json:"headless,omitempty"`
	// Selects says that it selects replicas, Selector that it selects pods at all.
	Selects  bool `json:"selects,omitempty"`
	Selector bool `json:"selector,omitempty"`
}

// PodName is what DNS makes of a host that begins with the name of a replica's pod.
type PodName struct {
	// Is says that the host begins with the name of the pod.
	Is bool
	// Problem says why DNS cannot know it; empty where it can.
	Problem string
	// Why says what decides and is not in the input, and Proof what would make it
	// known; empty where all is known.
	Why, Proof string
}

// PodName reads a host as the DNS of Kubernetes does: a pod has a name only below
// the headless Service that its StatefulSet names
// (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/).
func (d *Deployment) PodName(r Replica, host Text) PodName {
	w := d.Workloads[r.Workload]
	rest, is := r.cutName(host)
	if !is || w.Pod == nil {
		return PodName{}
	}
	found := d.podDNS(w, r.Name, rest)
	if found.Problem != "" && rest == "" && len(w.Pod.DNSSearches) > 0 {
		found = d.searched(w, r.Name)
	}
	found.Is = true
	if found.Problem == "" && found.Why == "" && w.Pod.NodeDNS {
		found.Why = "the pods do not ask the DNS of the cluster"
		found.Proof = "set dnsPolicy: ClusterFirstWithHostNet"
		if !w.Pod.HostNetwork {
			found.Proof = "set dnsPolicy: ClusterFirst"
		}
	}
	return found
}

// cutName cuts the name of the replica's pod off a host.
func (r Replica) cutName(host Text) (rest string, is bool) {
	text := string(host)
	label := strings.ToLower(r.Name)
	if at := symbolPattern.FindStringIndex(text); at != nil && at[0] == 0 {
		if symbol := Text(text[:at[1]]); symbol.IsField(FieldPodName) {
			label = text[:at[1]]
		}
	}
	if text == label {
		return "", true
	}
	return strings.CutPrefix(text, label+".")
}

// searched tries the domains that the pods search.
func (d *Deployment) searched(w Workload, pod string) PodName {
	var best PodName
	for i, domain := range w.Pod.DNSSearches {
		found := d.podDNS(w, pod, strings.Trim(strings.ToLower(domain), "."))
		if found.Problem == "" {
			return found
		}
		if i == 0 {
			best = found
		}
	}
	return best
}

// podDNS resolves the name of a pod with the domain behind it.
func (d *Deployment) podDNS(w Workload, pod, domain string) PodName {
	labels := strings.Split(domain, ".")
	service, namespace := labels[0], w.Namespace
	switch {
	case domain == "":
		if d.named(w.Namespace, pod) != nil {
			return PodName{}
		}
		return PodName{Problem: "the name of a pod alone is no name in DNS"}
	case len(labels) > 1 && labels[1] == "svc", len(labels) == 1 && service != w.ServiceName && d.named(namespace, service) == nil && service == w.Namespace:
		return d.serviceOf(service, pod)
	case len(labels) == 1:
	case len(labels) == 2, labels[2] == "svc":
		namespace = labels[1]
	default:
		return outside(domain)
	}
	given := d.named(namespace, service)
	if len(labels) < 3 && given == nil && service != w.ServiceName && (namespace != w.Namespace || slices.Contains(ownDomains, service)) {
		return outside(domain)
	}
	return w.below(service, namespace, given)
}

// ownDomains are those that networks use for their own hosts, and Kubernetes for
// none.
var ownDomains = []string{"internal", "local", "lan", "corp", "home", "intranet", "private", "test"}

// outside is a name that another DNS than that of Kubernetes answers for.
func outside(domain string) PodName {
	return PodName{
		Why:   "whether " + domain + " has a name for each pod is decided outside of the input",
		Proof: "look up the relay URL's host of each replica, or use the pod IP",
	}
}

// serviceOf is the name of a Service that is called as the pod is.
func (d *Deployment) serviceOf(namespace, pod string) PodName {
	switch {
	case d.named(namespace, pod) != nil:
		return PodName{}
	case len(d.ServiceNames) == 0:
		return PodName{Why: "the input has no Services", Proof: "give the Services too, with --manifest"}
	default:
		return PodName{Problem: "DNS has a name for a pod only below a Service: this is the name of a Service that is not in the input"}
	}
}

// below is the name of a pod below a Service.
func (w Workload) below(service, namespace string, given *ServiceName) PodName {
	switch {
	case w.Kind != "StatefulSet":
		return PodName{Problem: "DNS has no names for the pods of a " + w.Kind}
	case namespace != w.Namespace:
		return PodName{Problem: fmt.Sprintf("DNS has the names of the pods in namespace %s, where they run, not in %s", w.Namespace, namespace)}
	case w.ServiceName == "":
		return PodName{Problem: "the StatefulSet names no Service, so DNS has no names for its pods"}
	case service != w.ServiceName:
		return PodName{Problem: fmt.Sprintf("DNS has the names of the pods below Service %s, which the StatefulSet names, not below %s", w.ServiceName, service)}
	case given == nil:
		return PodName{Why: "Service " + service + " is not in the input", Proof: "give Service " + service + " too, with --manifest"}
	case !given.Headless:
		return PodName{Problem: "Service " + service + " is not headless, so DNS has no names for its pods"}
	case !given.Selector:
		return PodName{Why: "Service " + service + " has no selector: its endpoints are not in the input", Proof: "give it the labels of the pods as its selector"}
	case !given.Selects:
		return PodName{Problem: "Service " + service + " does not select the pods, so DNS has no names for them"}
	default:
		return PodName{}
	}
}

// named is the Service of that name; nil where it is not in the input.
func (d *Deployment) named(namespace, name string) *ServiceName {
	at := slices.IndexFunc(d.ServiceNames, func(s ServiceName) bool { return s.Namespace == namespace && s.Name == name })
	if at < 0 {
		return nil
	}
	return &d.ServiceNames[at]
}
