// Package load sends steady requests to a Service and tells what became of
// them.
package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Config is a load.
type Config struct {
	// URL is asked with GET; anything but 200 is an error.
	URL string
	// Clients work side by side. Every second one opens a new connection for
	// each request, the others keep theirs.
	Clients int
	// Interval is the pause of a client between two requests.
	Interval time.Duration
	// Timeout is that of one request.
	Timeout time.Duration
}

// Report is what became of the requests since the last mark.
type Report struct {
	Requests int `json:"requests"`
	Errors   int `json:"errors"`
	// Kinds counts the errors by kind: "refused", "timeout", "reset", "status
	// 503", …
	Kinds map[string]int `json:"kinds,omitempty"`
	// Examples has the first message of each kind.
	Examples map[string]string `json:"examples,omitempty"`
	// LongestGap is the longest time between two good answers in a row, over
	// all clients.
	LongestGap time.Duration `json:"longestGap"`
	// LastError is when the last request that failed had been sent, counted
	// from the mark; 0 without errors.
	LastError time.Duration `json:"lastError"`
	// Slowest is the longest that a good answer took.
	Slowest time.Duration `json:"slowest"`
	// Elapsed is the time since the mark.
	Elapsed time.Duration `json:"elapsed"`
}

// Load is a running load.
type Load struct {
	cfg Config
	// dialed counts the ports that were taken.
	dialed atomic.Int64

	mu       sync.Mutex
	marked   time.Time
	lastGood time.Time
	report   Report
}

// Run sends requests until the context ends.
func (l *Load) Run(ctx context.Context) {
	var clients sync.WaitGroup
	for n := range l.cfg.Clients {
		clients.Go(func() { l.client(ctx, n%2 == 1) })
	}
	clients.Wait()
}

// New prepares a load.
func New(cfg Config) *Load {
	l := &Load{cfg: cfg}
	l.Mark()
	return l
}

// Mark begins a new report.
func (l *Load) Mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marked = time.Now()
	l.lastGood = l.marked
	l.report = Report{Kinds: map[string]int{}, Examples: map[string]string{}}
}

// Report tells what happened since the last mark.
func (l *Load) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.report
	r.Kinds, r.Examples = map[string]int{}, map[string]string{}
	for kind, n := range l.report.Kinds {
		r.Kinds[kind] = n
		r.Examples[kind] = l.report.Examples[kind]
	}
	r.Elapsed = time.Since(l.marked)
	r.LongestGap = max(r.LongestGap, time.Since(l.lastGood))
	return r
}

func (l *Load) client(ctx context.Context, fresh bool) {
	transport := &http.Transport{DisableKeepAlives: fresh, MaxIdleConnsPerHost: 1}
	if !fresh {
		transport.DialContext = l.dialFromOwnPort
	}
	client := &http.Client{Transport: transport, Timeout: l.cfg.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	tick := time.NewTicker(l.cfg.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		sent := time.Now()
		err := get(ctx, client, l.cfg.URL)
		if ctx.Err() != nil {
			return
		}
		l.record(sent, err)
	}
}

// The ports of connections that are kept, below those that Linux gives out by itself
// (net.ipv4.ip_local_port_range, from 32768 on).
const firstPort, lastPort = 10000, 29999

// dialFromOwnPort opens a connection from a port that no other connection of the load
// has had. A replica that ends resets connections that are kept. For 10 seconds after
// (nf_conntrack_tcp_timeout_close) Linux leads a new connection from the same port to
// the same pod, which is gone; and the hundreds of connections a second that the other
// clients open come by every port within a minute, as no user's do.
func (l *Load) dialFromOwnPort(ctx context.Context, network, address string) (net.Conn, error) {
	for {
		port := firstPort + int(l.dialed.Add(1)-1)
		if port > lastPort {
			return nil, errNoPort
		}
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{Port: port}}
		conn, err := dialer.DialContext(ctx, network, address)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return conn, err
		}
	}
}

var errNoPort = errors.New("every port for connections that are kept has been used")

func get(ctx context.Context, client *http.Client, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return statusError(response.StatusCode)
	}
	return nil
}

type statusError int

func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

func (l *Load) record(sent time.Time, err error) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if sent.Before(l.marked) {
		return
	}
	l.report.Requests++
	if err == nil {
		l.report.LongestGap = max(l.report.LongestGap, now.Sub(l.lastGood))
		l.report.Slowest = max(l.report.Slowest, now.Sub(sent))
		l.lastGood = now
		return
	}
	l.report.Errors++
	l.report.LastError = max(l.report.LastError, sent.Sub(l.marked))
	kind := kindOf(err)
	if l.report.Kinds[kind]++; l.report.Kinds[kind] == 1 {
		l.report.Examples[kind] = err.Error()
	}
}

func kindOf(err error) string {
	var status statusError
	var timeout *url.Error
	var name *net.DNSError
	switch {
	case errors.As(err, &status):
		return status.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &name):
		return "name not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "cut"
	default:
		return "other"
	}
}
