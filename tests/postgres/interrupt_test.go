package postgres

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

func wrongPassword(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "Wr0ng-pa55word") }

// left is how many sessions of the probe there are in a database.
func left(ctx context.Context, conn *pgx.Conn, database string) (n int, err error) {
	err = conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'coder-ha pre-flight'", database).Scan(&n)
	return n, err
}

// noneLeft waits until the server has seen that the probe is gone.
func noneLeft(t *testing.T, server *postgrestest.Server, database string) {
	t.Helper()
	conn, err := server.Connect(t.Context(), "postgres")
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close(t.Context())) }()
	require.Eventually(t, func() bool {
		n, err := left(t.Context(), conn, database)
		return err == nil && n == 0
	}, 3*time.Second, 20*time.Millisecond, "sessions of the probe stay on the server")
}

// silences are after how many bytes of the server the line goes dead: before
// the first, in the midst of authentication, and during the questions.
var silences = []int{0, 5, 100, 400, 700, 1500, 4000}

// silent leads a URL through a line that goes dead.
func silent(t *testing.T, server *postgrestest.Server, raw string, after int) (string, *postgrestest.Proxy) {
	t.Helper()
	p, err := postgrestest.StartProxy(t.Context(), server.Address(), postgrestest.ProxyOptions{Silence: &after})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return preflight.Through(t, raw, p.Address()), p
}

func TestADeadLineEndsWithinTheTimeoutAndLeavesNoSession(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for _, after := range silences {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			t.Parallel()
			raw := preflight.CoderDatabase(t, server, preflight.CoderRows{Version: 535})
			dead, _ := silent(t, server, raw, after)
			got := preflight.Ask(t, dead, "--timeout", "1s")
			got.Expect(t, unreachable, nil)
			assert.NotEmpty(t, got.Step(t))
			assert.Contains(t, got.Message(t, "postgres-unreachable"), "no answer within")
			assert.Less(t, got.Took, 5*time.Second, "the connect timeout is 10 s")
			noneLeft(t, server, preflight.DatabaseOf(t, raw))
		})
	}
}

func TestCtrlCEndsAtOnceAndLeavesNoSession(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for _, after := range silences {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			t.Parallel()
			raw := preflight.CoderDatabase(t, server, preflight.CoderRows{Version: 535})
			dead, proxy := silent(t, server, raw, after)
			interrupted(t, dead, func() bool { return proxy.Accepted() > 0 })
			noneLeft(t, server, preflight.DatabaseOf(t, raw))
		})
	}
	t.Run("during a statement", func(t *testing.T) {
		t.Parallel()
		raw := preflight.CoderDatabase(t, server, preflight.CoderRows{Version: 535})
		held, err := pgx.Connect(t.Context(), raw)
		require.NoError(t, err)
		defer func() { assert.NoError(t, held.Close(t.Context())) }()
		for _, statement := range []string{"BEGIN", "LOCK TABLE replicas IN ACCESS EXCLUSIVE MODE"} {
			_, err := held.Exec(t.Context(), statement)
			require.NoError(t, err)
		}
		watch, err := server.Connect(t.Context(), "postgres")
		require.NoError(t, err)
		defer func() { assert.NoError(t, watch.Close(t.Context())) }()
		interrupted(t, raw, func() bool {
			var waiting bool
			err := watch.QueryRow(t.Context(), `SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = $1
				AND application_name = 'coder-ha pre-flight' AND wait_event_type = 'Lock'`, preflight.DatabaseOf(t, raw)).Scan(&waiting)
			return err == nil && waiting
		})
		noneLeft(t, server, preflight.DatabaseOf(t, raw))
	})
}

// interrupted runs the command, presses Ctrl-C once it is where it should be,
// and measures how long it takes to end.
func interrupted(t *testing.T, raw string, there func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), preflight.Patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, preflight.Binary(t), "postgres", "-o", "json", "--connect-timeout", "1m", "--timeout", "1m")
	cmd.Env = command.Environment(t.TempDir(), "CODER_PG_CONNECTION_URL="+raw)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Start())
	require.Eventually(t, there, 10*time.Second, 5*time.Millisecond)
	begin := time.Now()
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	err := cmd.Wait()
	took := time.Since(begin)
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 130, exit.ExitCode(), stderr.String())
	assert.Less(t, took, 3*time.Second, "the promise is half a second; a statement may take 5 s")
	assert.Contains(t, stdout.String(), `"schemaVersion"`, "what is known is reported")
	preflight.Hidden(t, raw, stdout.String()+stderr.String())
}
