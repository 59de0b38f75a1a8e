package coderapi

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// client sends requests to coderd of one pod.
type client struct {
	http  *http.Client
	base  url.URL
	host  string
	token string
	// date is the time of the last answer, by the clock of the pod.
	date time.Time
}

func newClient(dial func() (net.Conn, error), pod Pod, token string) *client {
	name := fmt.Sprintf("%s:%d", pod.Name, pod.Port)
	transport := &http.Transport{
		DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			conn, err := dial()
			if err != nil {
				return nil, err
			}
			return limits.Conn(conn, name, limits.CoderAnswer), nil
		},
		TLSClientConfig: &tls.Config{ServerName: pod.Host, MinVersion: tls.VersionTLS12},
	}
	c := &client{http: &http.Client{Transport: transport, CheckRedirect: staying}, base: url.URL{Scheme: "http", Host: name}, host: pod.Host, token: token}
	if pod.TLS {
		c.base.Scheme = "https"
	}
	return c
}

// staying follows no redirect.
func staying(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// sessionHeader carries the token (codersdk.SessionTokenHeader).
const sessionHeader = "Coder-Session-Token"

// get asks for a path, and reads its JSON into what is given; nil reads nothing.
func (c *client) get(ctx context.Context, path string, timeout time.Duration, into any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	target := c.base
	target.Path, target.RawQuery, _ = strings.Cut(path, "?")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	if c.host != "" {
		request.Host = c.host
	}
	if c.token != "" && into != nil {
		request.Header.Set(sessionHeader, c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		if cause := ctx.Err(); cause != nil {
			return cause
		}
		// Without the address, which is that of no network.
		return errors.Unwrap(err)
	}
	defer response.Body.Close()
	// Without the header it is zero, and older than anything.
	c.date, _ = http.ParseTime(response.Header.Get("Date"))
	if response.StatusCode != http.StatusOK {
		return &statusError{response.StatusCode, words(response)}
	}
	if into == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("the answer is not the JSON of Coder's API")
	}
	return nil
}

// mostWords is how much of an answer that is no success is read, in bytes.
const mostWords = 4 << 10

// words is what coderd says beside the status.
func words(response *http.Response) string {
	if target := response.Header.Get("Location"); target != "" {
		return "a redirect to " + target + ", which is not followed"
	}
	var said struct {
		Message string `json:"message"`
	}
	if json.NewDecoder(io.LimitReader(response.Body, mostWords)).Decode(&said) != nil {
		return ""
	}
	return said.Message
}
