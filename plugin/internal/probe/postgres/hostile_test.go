package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/postgres/pgfake"
)

// questions are all that the probe asks, by what is only in their statement.
var questions = map[string]string{
	pgfacts.AskVersion: "server_version_num", pgfacts.AskState: "pg_is_in_recovery", pgfacts.AskIdentity: "pg_control_system",
	pgfacts.AskRights: "has_schema_privilege", pgfacts.AskAdvisoryLocks: "pg_try_advisory_xact_lock",
	pgfacts.AskConnections: "max_connections", pgfacts.AskLimits: "rolconnlimit", pgfacts.AskTimeouts: "reset_val <> '0'",
	pgfacts.AskSources: "pg_db_role_setting", pgfacts.AskMigrationLock: "pg_locks", pgfacts.AskIdle: "idle in transaction",
	pgfacts.AskFlavor: "cluster_name", pgfacts.AskTables: "pg_table_is_visible", pgfacts.AskListening: "pg_listening_channels",
	pgfacts.AskClock: "* 1000000", pgfacts.AskSchemaVersion: "FROM schema_migrations", pgfacts.AskReplicas: "FROM replicas",
	pgfacts.AskDeploymentID: "FROM site_configs", pgfacts.AskKeys: "FROM dbcrypt_keys",
}

// coderTables makes the probe ask for Coder's own tables too.
var coderTables = pgfake.Answer{Rows: [][]any{
	{"schema_migrations", "coder", "t", "f", "t"},
	{"replicas", "coder", "t", "f", "t"},
	{"site_configs", "coder", "t", "f", "t"},
	{"dbcrypt_keys", "coder", "t", "f", "t"},
}}

// answering gives one question another answer.
func answering(question string, answer pgfake.Answer) pgfake.Server {
	return pgfake.Server{Answer: func(sql string) (pgfake.Answer, bool) {
		switch {
		case strings.Contains(sql, questions[question]):
			return answer, true
		case strings.Contains(sql, questions[pgfacts.AskTables]):
			return coderTables, true
		}
		return pgfake.Answer{}, false
	}}
}

// optional are the questions whose answer may have no row.
var optional = []string{
	pgfacts.AskTimeouts, pgfacts.AskSources, pgfacts.AskMigrationLock, pgfacts.AskIdle, pgfacts.AskFlavor, pgfacts.AskTables,
	pgfacts.AskSchemaVersion, pgfacts.AskReplicas, pgfacts.AskDeploymentID,
}

func askFake(t *testing.T, s pgfake.Server) *pgfacts.Facts {
	t.Helper()
	return ask(t.Context(), t, "postgres://coder:"+secret+"@"+s.Listen(t)+"/coder?sslmode=disable", func(o *Options) { o.ConnectTimeout = 10 * time.Second })
}

func TestAHealthyServerLeavesNoGap(t *testing.T) {
	t.Parallel()
	f := askFake(t, pgfake.Server{})
	assert.Empty(t, f.FailedStep)
	assert.Empty(t, f.Gaps)
	assert.NotNil(t, f.Latency)
	assert.True(t, f.PubSub.Arrived)
}

func TestAnAnswerOfAnotherShapeIsAGapAndNothingElse(t *testing.T) {
	t.Parallel()
	twoTexts := []string{pgfacts.AskIdentity, pgfacts.AskSources, pgfacts.AskFlavor}
	for name, test := range map[string]struct {
		rows [][]any
		// fits are the questions whose answer this could be.
		fits []string
	}{
		"no row":              {nil, optional},
		"no column":           {[][]any{{}}, nil},
		"one column":          {[][]any{{"x"}}, []string{pgfacts.AskDeploymentID}},
		"one NULL":            {[][]any{{nil}}, []string{pgfacts.AskDeploymentID}},
		"only NULLs":          {[][]any{{nil, nil, nil, nil, nil, nil, nil}}, nil},
		"only words":          {[][]any{{"x", "x", "x", "x", "x", "x", "x"}}, nil},
		"huge numbers":        {[][]any{{strings.Repeat("9", 30), strings.Repeat("9", 30)}}, twoTexts},
		"more rows":           {slices.Repeat([][]any{{"1", "1"}}, 30_000), nil},
		"the guard's answer":  {[][]any{{"5000", "1000", "on"}}, []string{pgfacts.AskVersion}},
		"the version's":       {[][]any{{"170002", "17.2", "PostgreSQL 17.2"}}, []string{pgfacts.AskVersion}},
		"very many columns":   {[][]any{slices.Repeat([]any{"t"}, 1600)}, nil},
		"a word for a number": {[][]any{{"t", "t"}}, twoTexts},
	} {
		for question := range questions {
			t.Run(name+" to "+question, func(t *testing.T) {
				t.Parallel()
				f := askFake(t, answering(question, pgfake.Answer{Rows: test.rows}))
				assert.Empty(t, f.FailedStep)
				gap := slices.ContainsFunc(f.Gaps, func(g pgfacts.Gap) bool { return g.Question == question })
				assert.Equal(t, !slices.Contains(test.fits, question), gap, "%v", f.Gaps)
			})
		}
	}
}

func TestARefusalOfAnyQuestionIsAGapWithItsWords(t *testing.T) {
	t.Parallel()
	refusal := &pgproto3.ErrorResponse{Severity: "ERROR", Code: "42501", Message: "permission denied " + strings.Repeat("x", 1<<20)}
	for question := range questions {
		t.Run(question, func(t *testing.T) {
			t.Parallel()
			f := askFake(t, answering(question, pgfake.Answer{Error: refusal}))
			i := slices.IndexFunc(f.Gaps, func(g pgfacts.Gap) bool { return g.Question == question })
			require.GreaterOrEqual(t, i, 0)
			assert.Equal(t, "42501", f.Gaps[i].SQLState)
			assert.LessOrEqual(t, len(f.Gaps[i].Message), mostText+len("…"))
		})
	}
}

// message is one of the protocol's.
func message(kind byte, body string) string {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
	return string(head) + body
}

func TestBytesThatAreNoProtocolEndWithAStep(t *testing.T) {
	t.Parallel()
	authenticated := message('R', "\x00\x00\x00\x00")
	ready := message('K', "\x00\x00\x00\x01\x00\x00\x00\x01") + message('Z', "I")
	for name, start := range map[string]string{
		"nothing":                    "",
		"a word":                     "hello, is this Postgres? yes it is, and it talks",
		"half a message":             "R\x00\x00\x00\x08\x00",
		"a message of two gigabytes": "E\x7f\xff\xff\xff",
		"a message of no length":     "E\x00\x00\x00\x00",
		"a negative length":          "E\xff\xff\xff\xff",
		"an empty error":             message('E', ""),
		"an error without an end":    message('E', "SERROR"),
		"unknown authentication":     message('R', "\x00\x00\x00\x63"),
		"authentication cut short":   message('R', ""),
		"SASL without mechanisms":    message('R', "\x00\x00\x00\x0a\x00"),
		"SASL that goes on at once":  message('R', "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00") + message('R', "\x00\x00\x00\x0br=x,s=!,i=1"),
		"SASL with endless rounds":   message('R', "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00") + message('R', "\x00\x00\x00\x0br=x,s=QQ==,i=2147483647"),
		"rows before a question":     authenticated + ready + message('D', "\x00\x01\x00\x00\x00\x01x"),
		"ready and ready":            authenticated + ready + ready + ready,
		"a key of one byte":          authenticated + message('K', "x"),
		"completions of nothing":     authenticated + ready + message('1', "") + message('2', "") + message('C', "SELECT 1\x00"),
		"a copy":                     authenticated + ready + message('G', "\x00\x00\x00"),
		"notices for ever":           authenticated + strings.Repeat(message('N', "SNOTICE\x00Mhello\x00\x00"), 1<<19),
		"parameters for ever":        authenticated + strings.Repeat(message('S', "a\x00b\x00"), 1<<20),
		"notifications for ever":     authenticated + ready + strings.Repeat(message('A', "\x00\x00\x00\x01a\x00b\x00"), 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := pgfake.Server{Start: []byte(start)}.Listen(t)
			f := ask(t.Context(), t, "postgres://coder:"+secret+"@"+address+"/coder?sslmode=disable", func(o *Options) { o.ConnectTimeout = 2 * time.Second })
			assert.NotEmpty(t, f.FailedStep)
			assert.LessOrEqual(t, len(last(t, f).Message), mostText+len("…"))
		})
	}
}

func TestAServerThatSendsWithoutEndIsSaidToDoSo(t *testing.T) {
	t.Parallel()
	row := []byte(message('D', "\x00\x00"))
	address := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = conn.Write([]byte(message('R', "\x00\x00\x00\x00") + message('K', "\x00\x00\x00\x01\x00\x00\x00\x01") + message('Z', "I")))
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = conn.Write([]byte(message('1', "") + message('2', "") + message('T', "\x00\x00")))
		for _, err := conn.Write(row); err == nil; _, err = conn.Write(bytes.Repeat(row, 10_000)) {
		}
	})
	f := ask(t.Context(), t, "postgres://coder:"+secret+"@"+address+"/coder?sslmode=disable", func(o *Options) { o.ConnectTimeout = 10 * time.Second })
	assert.Equal(t, pgfacts.Permission, f.FailedStep)
	assert.Equal(t, "the server sends without end: more than "+limits.PostgresData.String(), last(t, f).Message)
}

func FuzzAnyServer(f *testing.F) {
	ok := message('R', "\x00\x00\x00\x00") + message('K', "\x00\x00\x00\x01\x00\x00\x00\x01") + message('Z', "I")
	answer := message('1', "") + message('2', "") + message('T', "\x00\x01c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00") +
		message('D', "\x00\x01\x00\x00\x00\x01t") + message('C', "SELECT 1\x00")
	for _, seed := range []string{"", ok, ok + answer + answer + message('Z', "I"), message('E', "SFATAL\x00C28P01\x00Mno\x00\x00"), ok + strings.Repeat(answer, 30)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		ask(ctx, t, "postgres://coder@fake/coder?sslmode=disable", func(o *Options) {
			o.Lookup = func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil }
			o.Dial = func(context.Context, string, string) (net.Conn, error) { return scripted(sent), nil }
		})
	})
}

// scripted is a connection to a server that sends some bytes, whatever it hears,
// and hangs up.
func scripted(sent []byte) net.Conn {
	here, there := net.Pipe()
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			if _, err := there.Read(buffer); err != nil {
				return
			}
		}
	}()
	go func() {
		_, _ = there.Write(sent)
		_ = there.Close()
	}()
	return here
}
