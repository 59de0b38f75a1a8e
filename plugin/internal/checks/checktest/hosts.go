package checktest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/hosts"
)

// HostFiles are the files of three hosts that are right; a test changes one thing
// in them.
type HostFiles struct {
	// Names are those of the hosts, in order; Env is the environment file of each.
	Names []string
	Env   map[string]string
	// Mode is that of the environment files.
	Mode os.FileMode
	// Unit is the unit of all hosts; empty where it is not given.
	Unit    string
	Version string
}

// HostUnit is the unit of Coder's package, as far as it matters, and what should be
// added to it.
const HostUnit = `[Unit]
ConditionFileNotEmpty=/etc/coder.d/coder.env

[Service]
Type=notify
EnvironmentFile=/etc/coder.d/coder.env
ExecStart=/usr/bin/coder server
KillSignal=SIGTERM
TimeoutStartSec=15min
TimeoutStopSec=31min
`

// OnHosts lets three hosts run the replicas that are right, and changes one thing of
// them.
func OnHosts(change func(*HostFiles)) func(*World) {
	return func(w *World) {
		h := &HostFiles{Env: map[string]string{}, Mode: 0o600, Unit: HostUnit, Version: "2.38"}
		for i := range 3 {
			name := fmt.Sprintf("coder-%d", i+1)
			h.Names = append(h.Names, name)
			h.Env[name] = fmt.Sprintf(`# written by hand
CODER_ACCESS_URL=https://coder.example.com
CODER_HTTP_ADDRESS=0.0.0.0:8080
CODER_DERP_SERVER_RELAY_URL=http://10.0.0.%[1]d:8080
CODER_CLUSTER_HOST=10.0.0.%[1]d
CODER_PG_CONNECTION_URL=postgres://coder:%[2]s@db.example.com:5432/coder?sslmode=require
`, i+1, Secret)
		}
		if change != nil {
			change(h)
		}
		w.Hosts = h
	}
}

// Add adds lines to the environment file of a host.
func (h *HostFiles) Add(name string, lines ...string) {
	h.Env[name] += strings.Join(lines, "\n") + "\n"
}

// AddAll adds lines to the environment files of all hosts.
func (h *HostFiles) AddAll(lines ...string) {
	for _, name := range h.Names {
		h.Add(name, lines...)
	}
}

// Replace replaces a text in the environment file of a host.
func (h *HostFiles) Replace(name, from, to string) {
	h.Env[name] = strings.ReplaceAll(h.Env[name], from, to)
}

func (h *HostFiles) read(t *testing.T) *deployment.Deployment {
	t.Helper()
	dir := t.TempDir()
	o := hosts.Options{CoderVersion: h.Version}
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	for _, name := range h.Names {
		o.EnvFiles = append(o.EnvFiles, name+"="+write(name+".env", h.Env[name], h.Mode))
	}
	if h.Unit != "" {
		o.Units = []string{write("coder.service", h.Unit, 0o600)}
	}
	d, err := hosts.Read(t.Context(), o)
	require.NoError(t, err)
	return d
}
