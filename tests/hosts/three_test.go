//go:build hosts && linux

package hosts

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// converge is how long replicas have to agree: one that was killed is forgotten
// after 15 seconds, and each looks every 5.
const converge = 90 * time.Second

// TestThreeHostsRunByTheManual renders three hosts as docs/hosts.md says, starts a systemd
// for each of them in namespaces of its own, and looks at what the replicas say of each
// other in the database. Then one is stopped, and another one is cut off. The commands of
// the manual that ask hosts are run on one of them.
func TestThreeHostsRunByTheManual(t *testing.T) {
	program, kind := coderd(t)
	server, err := postgrestest.Start(t.Context(), postgrestest.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Stop()) })
	databaseURL, err := server.CreateDatabase(t.Context(), "coder")
	require.NoError(t, err)

	network := newLAN(t)
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	u.Host = network.forward(t, server.Address())

	r := newReader(t, u.String())
	r.renders(t)
	hosts := map[string]*host{}
	for i := range 3 {
		name := fmt.Sprintf("coder-%d", i+1)
		namespace := network.plug(t, name, fmt.Sprintf("%s%d", lanPrefix, i+1))
		hosts[name] = startHost(t, namespace, name, filepath.Join(r.dir, "hosts"), program, kind)
	}
	db, err := pgx.Connect(t.Context(), databaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close(context.WithoutCancel(t.Context()))) })

	const all = "coder-1 http://10.0.0.1:80; coder-2 http://10.0.0.2:80; coder-3 http://10.0.0.3:80"
	alive(t, db, all)
	r.asksEverywhereElse(t, hosts["coder-1"])

	hosts["coder-3"].systemctl(t, "stop", "coder.service")
	alive(t, db, "coder-1 http://10.0.0.1:80; coder-2 http://10.0.0.2:80")
	r.asks(t, hosts["coder-1"])
	hosts["coder-3"].systemctl(t, "start", "coder.service")
	alive(t, db, all)

	network.cut(t, "coder-2")
	alive(t, db, "coder-1 http://10.0.0.1:80; coder-3 http://10.0.0.3:80")
	network.heal(t, "coder-2")
	alive(t, db, all)
}

// alive waits until these replicas live, and none of them says that it cannot reach
// another one.
func alive(t *testing.T, db *pgx.Conn, want string) {
	t.Helper()
	got := ""
	assert.Eventually(t, func() bool {
		rows, err := db.Query(t.Context(), `SELECT hostname || ' ' || relay_address || CASE WHEN error = '' THEN '' ELSE ' says ' || error END FROM replicas
			WHERE "primary" AND stopped_at IS NULL AND updated_at > now() - interval '15 seconds' ORDER BY hostname`)
		if err != nil {
			got = err.Error()
			return false
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			got = err.Error()
			return false
		}
		got = strings.Join(lines, "; ")
		return got == want
	}, converge, time.Second)
	require.Equal(t, want, got)
}

// coderd is the program that the hosts run, and the Type= of its unit: the one of
// HOSTS_CODERD, or the stand-in.
func coderd(t *testing.T) (program, kind string) {
	t.Helper()
	if path := os.Getenv("HOSTS_CODERD"); path != "" {
		return path, "notify"
	}
	module, err := checkout.Path("tests/e2e")
	require.NoError(t, err)
	program = filepath.Join(t.TempDir(), "coder")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./standin")
	build.Dir = module
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return program, "exec"
}
