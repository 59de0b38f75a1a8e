package agent

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Greeting is what an agent answers to the token, in a line of its own. It changes
// when an agent no longer understands what an older plugin says, or the other way
// round: an image of agents may be older than the plugin.
const Greeting = "coder-ha agent 1"

// loopback are the addresses on which an agent listens for the plugin: the first that
// the pod has. Nobody outside of the pod can dial them, and no policy is about them.
var loopback = []string{"127.0.0.1", "::1"}

// TokenDigest is what an agent is told of the token. It stands in the pod for
// everybody to read.
func TokenDigest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Listen answers whoever begins with the token, on a port of the pod's own loopback,
// until the context ends. It runs in an image of agents, which has not the roots of
// coderd's.
func Listen(ctx context.Context, port int, digest string) error {
	listener, err := onLoopback(ctx, port)
	if err != nil {
		return err
	}
	return answer(ctx, listener, digest)
}

func onLoopback(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	for _, host := range loopback {
		address := net.JoinHostPort(host, strconv.Itoa(port))
		listener, err := config.Listen(ctx, "tcp", address)
		if err == nil {
			return listener, nil
		}
		if !errors.Is(err, syscall.EADDRNOTAVAIL) && !errors.Is(err, syscall.EAFNOSUPPORT) {
			return nil, fmt.Errorf("listen for the plugin on %s: %s", address, cause(err))
		}
	}
	return nil, errors.New("listen for the plugin: the pod has no loopback address")
}

// answer takes one connection after the other, also while others are answered.
func answer(ctx context.Context, listener net.Listener, digest string) error {
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listen for the plugin: %w", err)
		}
		sessions.Go(func() { admit(ctx, conn, digest) })
	}
}

// admit answers the requests of a connection that begins with the token.
func admit(ctx context.Context, conn net.Conn, digest string) {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(headTime))
	in := bufio.NewReader(conn)
	// No longer than the buffer: who sends more has not the token.
	line, err := in.ReadSlice('\n')
	if err != nil || subtle.ConstantTimeCompare([]byte(TokenDigest(string(line[:len(line)-1]))), []byte(digest)) == 0 {
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	if _, err := io.WriteString(conn, Greeting+"\n"); err != nil {
		return
	}
	// What ends it is for the plugin to see: the connection does.
	_ = (&worker{foreignRoots: true}).run(ctx, in, conn)
}
