package coder

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Entry is one entry of a container's env, in the order in which Kubernetes
// reads them.
type Entry struct {
	Name string
	// Value is the text; it may name variables that stand before it, as $(NAME).
	Value string
	// FieldPath is what the downward API tells instead of Value.
	FieldPath string
	// Secret and Key name the key of a Secret instead of Value.
	Secret, Key string
}

// PodIP is the variable that the chart puts the pod's own address into; the
// relay URL is made of it.
const PodIP = "KUBE_POD_IP"

// RelayWiring gives each replica on Kubernetes a relay URL of its own, on the
// port that coderd listens on. An IPv6 address needs square brackets in a URL.
func RelayWiring(port int, ipv6 bool) []Entry {
	return []Entry{
		{Name: PodIP, FieldPath: "status.podIP"},
		{Name: RelayURL, Value: RelayURLOf("http", "$("+PodIP+")", port, ipv6)},
	}
}

// RelayURLOf is the relay URL of a replica with an address: the scheme and the port
// are those of one of its listeners. An IPv6 address is known by itself; ipv6 says
// of another text that it will be one.
func RelayURLOf(scheme, address string, port int, ipv6 bool) string {
	if addr, err := netip.ParseAddr(address); ipv6 || err == nil && addr.Is6() {
		address = "[" + address + "]"
	}
	return fmt.Sprintf("%s://%s:%d", scheme, address, port)
}

// HostWiring gives a replica on a host without Kubernetes its own relay URL and, in
// versions that know it, its cluster host. The address is an IP address or a name
// that the other hosts reach it by.
func HostWiring(v Version, scheme, address string, port int) []Entry {
	wiring := []Entry{{Name: RelayURL, Value: scheme + "://" + net.JoinHostPort(address, strconv.Itoa(port))}}
	if v.AtLeast(2, 35) {
		wiring = append(wiring, Entry{Name: ClusterHost, Value: address})
	}
	return wiring
}

// ClusterHostWiring gives each replica on Kubernetes the address at which its
// peers reach its pubsub. It stands without brackets in either IP family.
func ClusterHostWiring() []Entry {
	return []Entry{{Name: ClusterHost, FieldPath: "status.podIP"}}
}

// DatabaseWiring takes the database URL from a Secret.
func DatabaseWiring(secret, key string) []Entry {
	return []Entry{{Name: PostgresURL, Secret: secret, Key: key}}
}

// YAML writes entries as a list that can be pasted below env.
func YAML(entries []Entry) string {
	var lines []string
	for _, e := range entries {
		lines = append(lines, "- name: "+e.Name)
		switch {
		case e.FieldPath != "":
			lines = append(lines, "  valueFrom: {fieldRef: {fieldPath: "+e.FieldPath+"}}")
		case e.Secret != "":
			lines = append(lines, fmt.Sprintf("  valueFrom: {secretKeyRef: {name: %s, key: %s}}", e.Secret, e.Key))
		default:
			lines = append(lines, "  value: "+e.Value)
		}
	}
	return strings.Join(lines, "\n")
}
