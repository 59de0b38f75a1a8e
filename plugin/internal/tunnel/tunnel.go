// Package tunnel leads to a port of a pod, through the API server and the kubelet, as
// kubectl port-forward does. Nothing listens on this machine.
package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// protocol is that of port forwarding
// (k8s.io/client-go/tools/portforward.PortForwardProtocolV1Name).
const protocol = "portforward.k8s.io"

// Tunnel is an open way to a port of a pod.
type Tunnel struct {
	streams httpstream.Connection
	pod     string
	port    int
	next    atomic.Int64
}

// forwardURL is where the API server forwards to a pod.
func forwardURL(config *rest.Config, namespace, pod string) (*url.URL, error) {
	client, err := corev1client.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return client.RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL(), nil
}

// Open asks the API server for the way to the pod. That it follows no redirect, the
// transport of the kubeconfig sees to.
func Open(ctx context.Context, config *rest.Config, namespace, pod string, port int) (*Tunnel, error) {
	target, err := forwardURL(config, namespace, pod)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), nil)
	if err != nil {
		return nil, err
	}
	streams, chosen, err := spdy.NegotiateStreaming(upgrader, &http.Client{Transport: transport}, request, protocol)
	if err != nil {
		return nil, err
	}
	if chosen != protocol {
		_ = streams.Close()
		return nil, fmt.Errorf("the API server forwards with %q, not with %s", chosen, protocol)
	}
	return &Tunnel{streams: streams, pod: pod, port: port}, nil
}

// Close ends the way, and all connections that go there.
func (t *Tunnel) Close() error { return t.streams.Close() }

// Dial opens a connection to the port of the pod. A port on which nothing listens
// shows when the connection is read.
func (t *Tunnel) Dial() (net.Conn, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(t.port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.FormatInt(t.next.Add(1), 10))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	failures, err := t.streams.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	// Nothing is written there.
	_ = failures.Close()
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := t.streams.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	c := &conn{Stream: data, tunnel: t, failures: failures, failure: make(chan error, 1)}
	go c.listen()
	return c, nil
}

// conn is one connection through the tunnel.
type conn struct {
	httpstream.Stream
	tunnel   *Tunnel
	failures httpstream.Stream
	failure  chan error
}

// mostWords is how much of a failure's text is read, in bytes.
const mostWords = 4 << 10

// listen takes what the kubelet says went wrong.
func (c *conn) listen() {
	text, err := io.ReadAll(io.LimitReader(c.failures, mostWords))
	if len(text) > 0 {
		err = errors.New(string(text))
	}
	c.failure <- err
}

// lastWords is how long after the end of the data the reason is waited for.
const lastWords = time.Second

// Read reads what the pod sends. Where that ends at once, the error is why.
func (c *conn) Read(into []byte) (int, error) {
	n, err := c.Stream.Read(into)
	if err == nil || n > 0 {
		return n, err
	}
	select {
	case why := <-c.failure:
		c.failure <- why
		if why != nil {
			return 0, why
		}
	case <-time.After(lastWords):
	}
	return 0, err
}

// Close gives up what was not read.
func (c *conn) Close() error {
	err := c.Reset()
	c.tunnel.streams.RemoveStreams(c.Stream, c.failures)
	return err
}

// LocalAddr and RemoteAddr name the two ends for people.
func (c *conn) LocalAddr() net.Addr { return address("this machine") }

func (c *conn) RemoteAddr() net.Addr {
	return address(fmt.Sprintf("%s:%d", c.tunnel.pod, c.tunnel.port))
}

// The deadlines of a connection are those of its requests, whose contexts close it.

func (*conn) SetDeadline(time.Time) error      { return nil }
func (*conn) SetReadDeadline(time.Time) error  { return nil }
func (*conn) SetWriteDeadline(time.Time) error { return nil }

type address string

func (address) Network() string  { return "portforward" }
func (a address) String() string { return string(a) }
