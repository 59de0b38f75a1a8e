package cluster

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Sizes of what is on its way through a delayed link.
const (
	// mostFrame is a frame with its offload header, as long as the kernel makes them.
	mostFrame = 68 << 10
	// mostWaiting is how many frames wait; further ones stay with the kernel.
	mostWaiting = 16 << 10
	// mostUnread is what the kernel keeps of frames that nobody has read, in bytes.
	mostUnread = 16 << 20
)

// DelayNode delays every packet between node n (counted from 1) and the rest of the
// cluster by d each way, so a round trip takes 2d longer. It ends with the returned
// function, which says what went wrong meanwhile.
//
// The link of the node leaves the bridge. What arrives on it waits in this process,
// and goes on to a tap that takes its place on the bridge; and the other way round.
func (c *Cluster) DelayNode(n int, d time.Duration) (end func() error, err error) {
	space, err := c.controlPlaneNetwork()
	if err != nil {
		return nil, err
	}
	handle, err := netlink.NewHandleAt(space)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("entering the control plane's network: %w", err), space.Close())
	}
	port, err := handle.LinkByName(bridgePort(n))
	if err != nil {
		handle.Close()
		return nil, errors.Join(fmt.Errorf("finding the link of node %d: %w", n, err), space.Close())
	}
	var node, tap *os.File
	err = inNetwork(space, func() (err error) {
		if tap, err = openTap(delayLink(n)); err != nil {
			return err
		}
		node, err = openLink(port.Attrs().Index)
		return err
	})
	if err == nil {
		err = detour(handle, port, delayLink(n))
	}
	var ways sync.WaitGroup
	failures := make(chan error, 4)
	undo := func() error {
		var err error
		for _, f := range []*os.File{node, tap} {
			if f != nil {
				err = errors.Join(err, f.Close())
			}
		}
		ways.Wait()
		for len(failures) > 0 {
			err = errors.Join(err, <-failures)
		}
		err = errors.Join(err, rejoin(handle, port), space.Close())
		handle.Close()
		return err
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("delaying node %d: %w", n, err), undo())
	}
	delayed(node, tap, d, &ways, failures)
	delayed(tap, node, d, &ways, failures)
	return undo, nil
}

// delayLink is the name of the tap in the place of a node's link.
func delayLink(n int) string { return fmt.Sprintf("delay%d", n) }

// inNetwork does something in a network namespace. What is opened there stays there.
func inNetwork(space netns.NsHandle, do func() error) error {
	runtime.LockOSThread()
	own, err := netns.Get()
	if err != nil {
		return err
	}
	defer own.Close()
	if err := netns.Set(space); err != nil {
		return err
	}
	err = do()
	if back := netns.Set(own); back != nil {
		// The thread ends with its goroutine: nothing else runs in there.
		return errors.Join(err, back)
	}
	runtime.UnlockOSThread()
	return err
}

// openTap makes a tap, which is there as long as it is open.
func openTap(name string) (*os.File, error) {
	const device = "/dev/net/tun"
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", device, err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making %s: %w", name, err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), device), nil
}

// openLink reads what arrives on a link, and writes what leaves there, with the header
// that says what is left to do of checksums and of segments.
func openLink(index int) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a packet socket: %w", err)
	}
	all := uint16(unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8)
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, mostUnread),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("setting up a packet socket: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "packets"), nil
}

// detour puts the tap in the place of a link. The kernel must not answer on the link
// itself, which no longer belongs to a bridge.
func detour(handle *netlink.Handle, port netlink.Link, tap string) error {
	link, err := handle.LinkByName(tap)
	if err != nil {
		return err
	}
	br, err := handle.LinkByName(bridge)
	if err != nil {
		return err
	}
	if err := errors.Join(handle.LinkSetARPOff(port), handle.LinkSetNoMaster(port)); err != nil {
		return err
	}
	return errors.Join(handle.LinkSetMaster(link, br), handle.LinkSetUp(link))
}

// rejoin undoes detour; the tap is gone by then.
func rejoin(handle *netlink.Handle, port netlink.Link) error {
	br, err := handle.LinkByName(bridge)
	if err != nil {
		return err
	}
	return errors.Join(handle.LinkSetMaster(port, br), handle.LinkSetARPOn(port))
}

// delayed carries frames one way, each of them d after it came, until one end is
// closed. Another end of it is a failure.
func delayed(from, to *os.File, d time.Duration, ways *sync.WaitGroup, failures chan<- error) {
	type frame struct {
		due  time.Time
		data []byte
	}
	waiting := make(chan frame, mostWaiting)
	fail := func(err error) {
		if !errors.Is(err, os.ErrClosed) {
			failures <- err
		}
	}
	ways.Go(func() {
		defer close(waiting)
		buffer := make([]byte, mostFrame)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				fail(err)
				return
			}
			waiting <- frame{time.Now().Add(d), append([]byte(nil), buffer[:n]...)}
		}
	})
	ways.Go(func() {
		for f := range waiting {
			<-time.After(time.Until(f.due))
			if _, err := to.Write(f.data); err != nil {
				fail(err)
				for range waiting {
					// The reader must not wait for a writer that has ended.
				}
				return
			}
		}
	})
}
