package main

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// settings are those of a replica that starts, with changes.
func settings(changes map[string]string) func(string) string {
	good := map[string]string{
		"CODER_ACCESS_URL": "https://coder.example.com", "CODER_HTTP_ADDRESS": "127.0.0.1:0",
		"CODER_PG_CONNECTION_URL": "postgres://coder@db.example.com/coder", "CODER_DERP_SERVER_RELAY_URL": "http://10.0.0.1:8080",
	}
	return func(name string) string {
		if value, changed := changes[name]; changed {
			return value
		}
		return good[name]
	}
}

func TestTheStandInRefusesWhatCoderdRefuses(t *testing.T) {
	for _, c := range []struct{ name, variable, value, message string }{
		{"a relay URL without a scheme", "CODER_DERP_SERVER_RELAY_URL", "10.0.0.1:8080", "first path segment in URL cannot contain colon"},
		{"an IPv6 relay URL without brackets", "CODER_DERP_SERVER_RELAY_URL", "http://fd00::1:8080", "invalid port"},
		{"an access URL without a scheme", "CODER_ACCESS_URL", "coder.example.com", "must include a scheme"},
		{"no database", "CODER_PG_CONNECTION_URL", "", "CODER_PG_CONNECTION_URL"},
		{"no connections", "CODER_PG_CONN_MAX_OPEN", "0", "greater than 0"},
		{"a region that is no number", "CODER_DERP_SERVER_REGION_ID", "one", "CODER_DERP_SERVER_REGION_ID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readOptions(settings(map[string]string{c.variable: c.value}))
			require.ErrorContains(t, err, c.message)
		})
	}
}

func TestAnUnequalNumberOfCertificatesAndKeysIsRefused(t *testing.T) {
	_, err := readOptions(settings(map[string]string{"CODER_TLS_ENABLE": "true", "CODER_TLS_CERT_FILE": "a,b", "CODER_TLS_KEY_FILE": "a"}))
	require.ErrorContains(t, err, "the same amount of times")
}

func TestAStarIsNoListenAddress(t *testing.T) {
	opts, err := readOptions(settings(map[string]string{"CODER_HTTP_ADDRESS": "*:0"}))
	require.NoError(t, err)
	_, err = newServer(t.Context(), opts)
	require.ErrorContains(t, err, "lookup *")
}

func TestTheClusterHostIsOneOfThePodsAddresses(t *testing.T) {
	opts, err := readOptions(settings(map[string]string{"CODER_CLUSTER_HOST": "192.0.2.1"}))
	require.NoError(t, err)
	_, err = listenCluster(t.Context(), opts)
	require.ErrorContains(t, err, "create nats pubsub")

	opts, err = readOptions(settings(map[string]string{"CODER_EXPERIMENTS": "no_nats_pubsub"}))
	require.NoError(t, err)
	listener, err := listenCluster(t.Context(), opts)
	require.NoError(t, err)
	assert.Nil(t, listener)
}

func TestTheClusterHostFallsBackToTheRelayURL(t *testing.T) {
	opts, err := readOptions(settings(map[string]string{"CODER_DERP_SERVER_RELAY_URL": "http://[fd00::1]:8080"}))
	require.NoError(t, err)
	assert.Equal(t, "fd00::1", opts.clusterHost)
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		name, path string
		changes    map[string]string
		status     int
		body       string
	}{
		{"health", "/healthz", nil, http.StatusOK, "OK"},
		{"the relay's ping", "/derp/latency-check", nil, http.StatusOK, ""},
		{"the relay without an upgrade", "/derp", nil, http.StatusUpgradeRequired, "DERP requires connection upgrade"},
		{"replicas without a token", "/api/v2/replicas", nil, http.StatusUnauthorized, "signed out"},
		{"the version", "/api/v2/buildinfo", nil, http.StatusOK, `"dashboard_url":"https://coder.example.com"`},
		{"another host, redirected", "/", map[string]string{"CODER_REDIRECT_TO_ACCESS_URL": "true"}, http.StatusTemporaryRedirect, "https://coder.example.com/"},
		{"health, never redirected", "/healthz", map[string]string{"CODER_REDIRECT_TO_ACCESS_URL": "true"}, http.StatusOK, "OK"},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts, err := readOptions(settings(c.changes))
			require.NoError(t, err)
			recorder := httptest.NewRecorder()
			handler, err := routes(opts)
			require.NoError(t, err)
			handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil))
			assert.Equal(t, c.status, recorder.Code)
			assert.Contains(t, recorder.Body.String(), c.body)
		})
	}
}

func TestAClientThatComesBeforeTheMigrationsAreDoneWaits(t *testing.T) {
	opts, err := readOptions(settings(nil))
	require.NoError(t, err)
	server, err := newServer(t.Context(), opts)
	require.NoError(t, err)
	defer server.closeListeners()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.listeners[0].Addr().String())
	require.NoError(t, err)
	defer connection.Close()
	_, err = connection.Write([]byte("GET /healthz HTTP/1.1\r\nHost: coder\r\n\r\n"))
	require.NoError(t, err)
	server.serve()
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestTheWaitForPostgresDoublesUpToAMinute(t *testing.T) {
	var waits []time.Duration
	for wait := listenRetryFirst; len(waits) < 8; wait = nextRetry(wait) {
		waits = append(waits, wait/time.Second)
	}
	assert.Equal(t, []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}, waits)
}

func TestThePingOfAReplicaDropsThePath(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if len(asked) > 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	r := newReplica(options{}, nil)
	assert.Empty(t, r.ping([]peer{{"coder-1", server.URL + "/prefix"}}))
	assert.Equal(t, []string{"/derp/latency-check"}, asked)
	failure := r.ping([]peer{{"coder-1", server.URL}})
	assert.True(t, strings.HasPrefix(failure, "Failed to dial peers: ping sibling replica coder-1 ("+server.URL+")"), failure)
	assert.Contains(t, failure, "unexpected status code: 503")
}
