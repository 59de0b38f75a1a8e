package kubeapi

import (
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// clock compares the API server's clock, by which it says when a pod has to be gone,
// with this machine's.
type clock struct {
	base http.RoundTripper

	mu sync.Mutex
	// ahead is how far the server is ahead; known says that it told.
	ahead time.Duration
	known bool
}

// watchClock reads the clock from the answers of a client.
func watchClock(config *rest.Config) (*rest.Config, *clock) {
	c := &clock{}
	config = rest.CopyConfig(config)
	config.Wrap(func(base http.RoundTripper) http.RoundTripper {
		c.base = base
		return c
	})
	return config, c
}

// RoundTrip sends the request.
func (c *clock) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		c.mu.Lock()
		c.ahead, c.known = time.Until(date), true
		c.mu.Unlock()
	}
	return response, nil
}

// WrappedRoundTripper lets the client cancel a request below.
func (c *clock) WrappedRoundTripper() http.RoundTripper { return c.base }

// clockStep is what the header cannot tell: it has whole seconds.
const clockStep = 2 * time.Second

// now is a time of this machine by the clock of the server.
func (c *clock) now(here time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known || c.ahead.Abs() < clockStep {
		return here
	}
	return here.Add(c.ahead)
}
