// Package policies reads NetworkPolicies as Kubernetes does: what they let through of
// the traffic that a replica needs.
package policies

import "strings"

// The protocols of a need.
const (
	TCP = "TCP"
	UDP = "UDP"
)

// Need is a way that a replica's traffic must be able to go.
type Need struct {
	What     string
	Port     int
	Protocol string
	// Peer says whether the other end is another replica; else it is Host, as
	// far as that is an address.
	Peer bool
	Host string
	// Elsewhere says that the other end runs in a namespace of its own;
	// Namespace is its name, where that is known.
	Elsewhere bool
	Namespace string
	// Or is another way that serves as well.
	Or *Need
	// Versioned says that only some versions of Coder need it, and which one runs is
	// not known.
	Versioned bool
}

// InNamespaceOf adds the namespace of the other end, seen from the replicas' own
// namespace, where its host is the name of a Service (NAME.NAMESPACE.svc…).
func (n Need) InNamespaceOf(own string) Need {
	if parts := strings.Split(strings.ToLower(n.Host), "."); len(parts) > 2 && parts[2] == "svc" {
		n.Namespace, n.Elsewhere = parts[1], parts[1] != own
	}
	return n
}
