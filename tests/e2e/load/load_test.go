package load

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheReportTellsOfGoodAndBadAnswers(t *testing.T) {
	bad := make(chan bool, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-bad:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
		}
	}))
	defer server.Close()
	l := New(Config{URL: server.URL, Clients: 2, Interval: time.Millisecond, Timeout: time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { l.Run(ctx); close(ended) }()
	require.Eventually(t, func() bool { return l.Report().Requests > 10 }, 5*time.Second, time.Millisecond)
	assert.Zero(t, l.Report().Errors)

	bad <- true
	require.Eventually(t, func() bool { return l.Report().Errors == 1 }, 5*time.Second, time.Millisecond)
	r := l.Report()
	assert.Equal(t, map[string]int{"status 503": 1}, r.Kinds)
	assert.Positive(t, r.LastError)

	server.CloseClientConnections()
	server.Close()
	require.Eventually(t, func() bool { return l.Report().Kinds["refused"] > 0 }, 5*time.Second, time.Millisecond)

	l.Mark()
	require.Eventually(t, func() bool { return l.Report().LongestGap > 20*time.Millisecond }, 5*time.Second, time.Millisecond, "without a good answer the gap grows")
	cancel()
	<-ended
}

func TestConnectionsThatAreKeptHavePortsOfTheirOwn(t *testing.T) {
	var mu sync.Mutex
	ports := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		ports[r.RemoteAddr]++
		if ports[r.RemoteAddr] == 3 {
			w.Header().Set("Connection", "close")
		}
	}))
	defer server.Close()
	l := New(Config{URL: server.URL, Clients: 2, Interval: time.Millisecond, Timeout: time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { l.Run(ctx); close(ended) }()
	require.Eventually(t, func() bool { return l.Report().Requests > 60 }, 5*time.Second, time.Millisecond)
	cancel()
	<-ended
	assert.Zero(t, l.Report().Errors)
	kept := 0
	for address := range ports {
		parsed := netip.MustParseAddrPort(address)
		if port := parsed.Port(); port >= firstPort && port <= lastPort {
			kept++
			assert.LessOrEqual(t, ports[address], 3)
		}
	}
	assert.Greater(t, kept, 3, "a new port for each connection")
}
