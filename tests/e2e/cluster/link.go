package cluster

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// bridge joins the nodes and the control plane, in the control plane's
// network namespace.
const bridge = "nodes"

// nodeLink is the name of a node's own end of its link.
const nodeLink = "eth0"

// joinHost gives the machine its only link to the cluster: one end here, with
// a name and an address of its own, one end in the control plane.
func joinHost(l layout, controlPlane int) error {
	const inside = "machine"
	attrs := netlink.NewLinkAttrs()
	attrs.Name = l.hostLink()
	pair := &netlink.Veth{LinkAttrs: attrs, PeerName: inside, PeerNamespace: netlink.NsPid(controlPlane)}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("adding the link %s: %w", l.hostLink(), err)
	}
	if err := netlink.LinkSetAlias(pair, l.hostLinkAlias()); err != nil {
		return fmt.Errorf("marking the link %s: %w", l.hostLink(), err)
	}
	if err := setAddress(&netlink.Handle{}, pair, l.hostAddress(), hostLinkLength); err != nil {
		return err
	}
	space, err := netns.GetFromPid(controlPlane)
	if err != nil {
		return fmt.Errorf("entering the control plane's network: %w", err)
	}
	defer space.Close()
	handle, err := netlink.NewHandleAt(space)
	if err != nil {
		return fmt.Errorf("entering the control plane's network: %w", err)
	}
	defer handle.Close()
	end, err := handle.LinkByName(inside)
	if err != nil {
		return fmt.Errorf("finding the link to the machine: %w", err)
	}
	return setAddress(handle, end, l.apiAddress(), hostLinkLength)
}

// setAddress gives a link its address and sets it up. An IPv6 address is used
// at once: nobody else can have it.
func setAddress(handle *netlink.Handle, link netlink.Link, address netip.Addr, length int) error {
	name := link.Attrs().Name
	addr := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(address, length))}
	if address.Is6() {
		addr.Flags = 0x02 // IFA_F_NODAD
	}
	if err := handle.AddrAdd(link, addr); err != nil {
		return fmt.Errorf("giving %s the address %s: %w", name, address, err)
	}
	if err := handle.LinkSetUp(link); err != nil {
		return fmt.Errorf("setting %s up: %w", name, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// loopbackUp sets lo up in this process's namespace.
func loopbackUp() (netlink.Link, error) {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return nil, fmt.Errorf("finding lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return nil, fmt.Errorf("setting lo up: %w", err)
	}
	return lo, nil
}

// makeBridge makes the nodes' network in this process's namespace.
func makeBridge(l layout) error {
	if _, err := loopbackUp(); err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = bridge
	// Of its own, or it would change with the links that come and go.
	attrs.HardwareAddr = net.HardwareAddr{0x02, 'n', 'o', 'd', 'e', 's'}
	br := &netlink.Bridge{LinkAttrs: attrs}
	if err := netlink.LinkAdd(br); err != nil {
		return fmt.Errorf("adding the nodes' bridge: %w", err)
	}
	if err := setAddress(&netlink.Handle{}, br, l.controlPlane(), l.prefixLength()); err != nil {
		return err
	}
	for n := 1; n <= l.Nodes; n++ {
		if err := addRoute(br, l.podRange(n), l.node(n)); err != nil {
			return err
		}
	}
	return nil
}

// joinNode links the namespace of node n, whose first process is pid, to the
// bridge.
func joinNode(n, pid int) error {
	br, err := netlink.LinkByName(bridge)
	if err != nil {
		return fmt.Errorf("finding the nodes' bridge: %w", err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = bridgePort(n)
	attrs.MasterIndex = br.Attrs().Index
	pair := &netlink.Veth{LinkAttrs: attrs, PeerName: nodeLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("adding the link of node %d: %w", n, err)
	}
	if err := netlink.LinkSetUp(pair); err != nil {
		return fmt.Errorf("setting the link of node %d up: %w", n, err)
	}
	return nil
}

// bridgePort is the bridge's end of a node's link: what a cut sets down.
func bridgePort(n int) string { return fmt.Sprintf("node%d", n) }

// nodeNetwork sets up the network of node n, from within.
func nodeNetwork(l layout, n int) error {
	lo, err := loopbackUp()
	if err != nil {
		return err
	}
	for _, file := range []string{
		"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding", "/proc/sys/net/ipv6/conf/default/forwarding",
	} {
		err := os.WriteFile(file, []byte("1"), 0o644)
		if err != nil && (l.IPv6 || !errors.Is(err, os.ErrNotExist)) {
			return fmt.Errorf("letting node %d forward: %w", n, err)
		}
	}
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return fmt.Errorf("finding the link of node %d: %w", n, err)
	}
	if err := setAddress(&netlink.Handle{}, link, l.node(n), l.prefixLength()); err != nil {
		return err
	}
	for other := 1; other <= l.Nodes; other++ {
		if other == n {
			continue
		}
		if err := addRoute(link, l.podRange(other), l.node(other)); err != nil {
			return err
		}
	}
	// Without a default route, a connection of the node's own to a Service
	// would find no route before kube-proxy's rules see it.
	return addRoute(lo, l.services(), netip.Addr{})
}

func addRoute(link netlink.Link, to netip.Prefix, via netip.Addr) error {
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(to)}
	if via.IsValid() {
		route.Gw = via.AsSlice()
	}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("adding the route to %s: %w", to, err)
	}
	return nil
}

// removeHostLink removes the machine's link to the cluster, if it is there and
// is marked as this cluster's.
func removeHostLink(l layout) error {
	link, err := netlink.LinkByName(l.hostLink())
	if missing := (netlink.LinkNotFoundError{}); errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finding %s: %w", l.hostLink(), err)
	}
	if link.Attrs().Alias != l.hostLinkAlias() {
		return nil
	}
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", l.hostLink(), err)
	}
	return nil
}
