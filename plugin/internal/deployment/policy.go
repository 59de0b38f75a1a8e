package deployment

// Policy is a NetworkPolicy that selects replicas.
type Policy struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Pods are those that the policy is for.
	Pods Selector `json:"pods"`
	// RestrictsIngress and RestrictsEgress say which directions it is for; what
	// no rule allows is then denied.
	RestrictsIngress bool         `json:"restrictsIngress,omitempty"`
	RestrictsEgress  bool         `json:"restrictsEgress,omitempty"`
	Ingress          []PolicyRule `json:"ingress,omitempty"`
	Egress           []PolicyRule `json:"egress,omitempty"`
	Origin           Origin       `json:"origin"`
}

// PolicyRule allows traffic with any of its peers on any of its ports; without
// peers with everybody, and without ports on all.
type PolicyRule struct {
	Ports []PolicyPort `json:"ports,omitempty"`
	Peers []PolicyPeer `json:"peers,omitempty"`
}

// PolicyPort is a port or range of ports.
type PolicyPort struct {
	// Protocol is TCP, UDP or SCTP.
	Protocol string `json:"protocol"`
	// Port is 0 where the rule is for all ports, or where Name says it.
	Port int    `json:"port,omitempty"`
	Name string `json:"name,omitempty"`
	// EndPort is the last port of a range that begins at Port; 0 where there is no
	// range.
	EndPort int `json:"endPort,omitempty"`
}

// PolicyPeer is the other end of traffic: addresses, or pods.
type PolicyPeer struct {
	IPBlock *IPBlock `json:"ipBlock,omitempty"`
	// Namespaces is nil for the policy's own namespace, Pods for all of its pods.
	Namespaces *Selector `json:"namespaces,omitempty"`
	Pods       *Selector `json:"pods,omitempty"`
}

// IPBlock is a range of addresses, but for some within it.
type IPBlock struct {
	CIDR   string   `json:"cidr"`
	Except []string `json:"except,omitempty"`
}
