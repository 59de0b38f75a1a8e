//go:build hosts && linux

package hosts

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// lan is a network namespace with a bridge that hosts are plugged into. Nothing of
// it is in the network of this machine.
type lan struct{ name string }

// The hosts have the addresses that the manual gives them.
const (
	lanAddress = "10.0.0.254"
	lanPrefix  = "10.0.0."
)

// newLAN makes the network; it goes with the test.
func newLAN(t *testing.T) lan {
	t.Helper()
	require.Zero(t, os.Getuid(), "network namespaces need root")
	l := lan{name: fmt.Sprintf("coder-ha-%d", os.Getpid())}
	run(t, "ip", "netns", "add", l.name)
	t.Cleanup(func() { run(t, "ip", "netns", "del", l.name) })
	l.ip(t, "link", "add", "lan", "type", "bridge")
	l.ip(t, "addr", "add", lanAddress+"/24", "dev", "lan")
	l.ip(t, "link", "set", "lan", "up")
	l.ip(t, "link", "set", "lo", "up")
	return l
}

func (l lan) ip(t *testing.T, args ...string) {
	t.Helper()
	run(t, "ip", append([]string{"-n", l.name}, args...)...)
}

// plug makes the network namespace of a host and plugs it in.
func (l lan) plug(t *testing.T, host, address string) (namespace string) {
	t.Helper()
	namespace = l.name + "-" + host
	run(t, "ip", "netns", "add", namespace)
	t.Cleanup(func() { run(t, "ip", "netns", "del", namespace) })
	l.ip(t, "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", namespace)
	l.ip(t, "link", "set", host, "master", "lan", "up")
	run(t, "ip", "-n", namespace, "addr", "add", address+"/24", "dev", "eth0")
	run(t, "ip", "-n", namespace, "link", "set", "eth0", "up")
	run(t, "ip", "-n", namespace, "link", "set", "lo", "up")
	return namespace
}

// cut pulls the plug of a host, and heal puts it back.
func (l lan) cut(t *testing.T, host string)  { l.ip(t, "link", "set", host, "down") }
func (l lan) heal(t *testing.T, host string) { l.ip(t, "link", "set", host, "up") }

// forward lets the hosts reach a server of this machine at a port of the network.
func (l lan) forward(t *testing.T, server string) (address string) {
	t.Helper()
	listener := l.listen(t)
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { carry(ctx, client, server) })
		}
	})
	return listener.Addr().String()
}

// listen opens a port in the namespace of the network.
func (l lan) listen(t *testing.T) net.Listener {
	t.Helper()
	type result struct {
		listener net.Listener
		err      error
	}
	opened := make(chan result)
	go func() {
		// The thread stays in the namespace and ends with this goroutine.
		runtime.LockOSThread()
		namespace, err := os.Open("/run/netns/" + l.name)
		if err == nil {
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
			_ = namespace.Close()
		}
		if err != nil {
			opened <- result{nil, err}
			return
		}
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", lanAddress+":0")
		opened <- result{listener, err}
	}()
	got := <-opened
	require.NoError(t, got.err)
	return got.listener
}

func carry(ctx context.Context, client net.Conn, server string) {
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	defer func() { _ = client.Close() }()
	upstream, err := (&net.Dialer{}).DialContext(ctx, "tcp", server)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	go func() {
		_, _ = io.Copy(upstream, client)
		_ = upstream.Close()
	}()
	_, _ = io.Copy(client, upstream)
}

// run runs a program, and says what it says if it fails.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	said, err := exec.CommandContext(context.WithoutCancel(t.Context()), name, args...).CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, strings.Join(args, " "), said)
	return string(said)
}
