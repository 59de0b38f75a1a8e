package limits

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// Conn bounds how many bytes a connection takes in; past that each read fails with
// *ExceededError.
func Conn(conn net.Conn, name string, limit Limit) net.Conn {
	return &boundedConn{Conn: conn, budget: newBudget(name, limit)}
}

// Transport bounds how many bytes an HTTP client takes in on all its connections
// together. It asks for no compression, so that a small answer stays small.
func Transport(name string, limit Limit) *http.Transport {
	budget := newBudget(name, Limit{limit.Of, limit.Most + overhead, limit.Unit, limit.Why})
	return &http.Transport{
		DisableCompression: true,
		Proxy:              http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &boundedConn{Conn: conn, budget: budget}, nil
		},
	}
}

// overhead is what headers, TLS and redirects may take beside the content, in
// bytes.
const overhead = 1 << 20

// Answers bounds the size of each answer, unpacked where it was compressed.
func Answers(base http.RoundTripper, name string, limit Limit) http.RoundTripper {
	return &answers{base, name, limit}
}

type answers struct {
	http.RoundTripper
	name  string
	limit Limit
}

// RoundTrip is that of the transport below, with a bounded body.
func (a *answers) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := a.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = &boundedBody{ReadCloser: response.Body, budget: newBudget(a.name, a.limit)}
	return response, nil
}

// WrappedRoundTripper lets the Kubernetes client cancel a request below.
func (a *answers) WrappedRoundTripper() http.RoundTripper { return a.RoundTripper }

// budget is how much may still come.
type budget struct {
	left     atomic.Int64
	exceeded *ExceededError
}

func newBudget(name string, limit Limit) *budget {
	b := &budget{exceeded: &ExceededError{name, limit}}
	b.left.Store(limit.Most)
	return b
}

// take counts what was read, and makes an error of what is too much.
func (b *budget) take(n int, err error) (int, error) {
	if b.left.Add(-int64(n)) < 0 {
		return 0, b.exceeded
	}
	return n, err
}

type boundedConn struct {
	net.Conn
	*budget
}

func (c *boundedConn) Read(into []byte) (int, error) { return c.take(c.Conn.Read(into)) }

type boundedBody struct {
	io.ReadCloser
	*budget
}

func (b *boundedBody) Read(into []byte) (int, error) { return b.take(b.ReadCloser.Read(into)) }
