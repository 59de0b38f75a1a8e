package cli

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// replicaOf stands in for coderd on a loopback address.
func replicaOf(t *testing.T, ip string, config *tls.Config) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ip+":0")
	require.NoError(t, err)
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/derp" {
			w.Header().Set("Upgrade", r.Header.Get("Upgrade"))
			w.Header().Set("Connection", "Upgrade")
			w.WriteHeader(http.StatusSwitchingProtocols)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// askedHosts writes the environment files of hosts that listen on these addresses.
func askedHosts(t *testing.T, relays ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, relay := range relays {
		text := fmt.Sprintf("CODER_ACCESS_URL=http://%[1]s\nCODER_HTTP_ADDRESS=0.0.0.0:80\nCODER_DERP_SERVER_RELAY_URL=%[2]s\n"+
			"CODER_PG_CONNECTION_URL=postgres://coder:zQ9xJ7kW@db.invalid/coder\n", "coder.invalid", relay)
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("coder-%d.env", i+1)), []byte(text), 0o600))
	}
	return dir
}

func TestHostsThatRunAreAskedOnlyWithProbe(t *testing.T) {
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.4:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	dir := askedHosts(t, "http://"+replicaOf(t, "127.0.0.2", nil), "http://"+replicaOf(t, "127.0.0.3", nil), "http://"+closed.Addr().String())

	got := command(t, "", "validate", "--env-dir", dir, "--coder-version", "2.34")
	assert.Contains(t, got.out, "the hosts were not asked")
	assert.Contains(t, got.out, "to verify: run it again with --probe")
	assert.NotContains(t, got.out, "Asked from")

	got = command(t, "", "validate", "--env-dir", dir, "--coder-version", "2.34", "--probe")
	assert.Equal(t, run.ExitFindings, got.code)
	assert.Contains(t, got.out, "Asked from this machine\n")
	assert.Contains(t, got.out, "coder-3     relay × connection refused  port 6222 (not asked)\n")
	assert.Contains(t, got.out, "see relay-url-loopback: relay-unreachable", "loopback addresses lead to this machine, not to a host")

	got = command(t, "", "validate", "--env-dir", dir, "--coder-version", "2.34", "--probe", "-o", "json")
	var report struct {
		Positions []struct {
			Name      string `json:"name"`
			AccessURL struct {
				OK    bool   `json:"ok"`
				Error string `json:"error"`
			} `json:"accessURL"`
		} `json:"positions"`
		Mesh []struct {
			From  string `json:"from"`
			To    string `json:"to"`
			Relay struct {
				OK        bool               `json:"ok"`
				LatencyMs map[string]float64 `json:"latencyMs"`
				Error     string             `json:"error"`
			} `json:"relay"`
		} `json:"mesh"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.out), &report))
	require.Len(t, report.Positions, 1)
	assert.Empty(t, report.Positions[0].Name)
	assert.False(t, report.Positions[0].AccessURL.OK)
	assert.NotEmpty(t, report.Positions[0].AccessURL.Error)
	require.Len(t, report.Mesh, 3)
	assert.True(t, report.Mesh[0].Relay.OK)
	assert.Positive(t, report.Mesh[0].Relay.LatencyMs["median"])
	assert.Equal(t, "connection refused", report.Mesh[2].Relay.Error)
}

func TestOnlyHostsAreAsked(t *testing.T) {
	got := command(t, "", "validate", "--probe", "--set", "coder.replicaCount=3")
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, "--probe asks hosts that run coderd: name them with --env-file, --env-dir or --from-table")
	assert.Empty(t, got.out)
}
