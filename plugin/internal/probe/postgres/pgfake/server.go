// Package pgfake is a Postgres server for tests that answers what a test wants,
// down to the bytes: what a pooler, a proxy or a hostile server could answer. What
// a real server answers is tried with real ones, in tests/postgres.
package pgfake

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// Answer is what the server says to a statement.
type Answer struct {
	// Rows are the rows, as text; nil is NULL.
	Rows [][]any
	// Error is a refusal in the place of rows.
	Error *pgproto3.ErrorResponse
	// Raw is sent in the place of everything else.
	Raw []byte
}

// Server is a server. The zero value answers as a healthy Postgres does.
type Server struct {
	// Start is sent in the place of what begins a session.
	Start []byte
	// Answer answers a statement, or leaves it to the server.
	Answer func(sql string) (Answer, bool)
}

// Listen starts the server on loopback, and ends it with the test.
func (s Server) Listen(t testing.TB) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	var listeners channels
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				s.serve(conn, &listeners)
			}()
		}
	}()
	return listener.Addr().String()
}

// channels are the sessions that listen.
type channels struct {
	mu       sync.Mutex
	sessions []net.Conn
}

// hear takes part in LISTEN and NOTIFY, with one channel for all.
func (c *channels) hear(conn net.Conn, sql string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.HasPrefix(sql, "LISTEN ") {
		c.sessions = append(c.sessions, conn)
	}
	_, after, notifies := strings.Cut(sql, "pg_notify('")
	if !notifies {
		return
	}
	channel, _, _ := strings.Cut(after, "'")
	told, err := (&pgproto3.NotificationResponse{PID: process + 1, Channel: channel, Payload: channel}).Encode(nil)
	for _, session := range c.sessions {
		if err == nil {
			_, err = session.Write(told)
		}
	}
}

// serve is one session.
func (s Server) serve(conn net.Conn, listeners *channels) {
	backend := pgproto3.NewBackend(conn, conn)
	if _, err := backend.ReceiveStartupMessage(); err != nil {
		return
	}
	if s.Start != nil {
		_, _ = conn.Write(s.Start)
		drain(conn)
		return
	}
	backend.Send(&pgproto3.AuthenticationOk{})
	backend.Send(&pgproto3.BackendKeyData{ProcessID: process, SecretKey: []byte{0, 0, 0, 1}})
	backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for sql := ""; ; {
		if backend.Flush() != nil {
			return
		}
		message, err := backend.Receive()
		if err != nil {
			return
		}
		switch message := message.(type) {
		case *pgproto3.Parse:
			sql = message.Query
			backend.Send(&pgproto3.ParseComplete{})
		case *pgproto3.Bind:
			backend.Send(&pgproto3.BindComplete{})
		case *pgproto3.Execute:
			listeners.hear(conn, sql)
			if raw := s.execute(backend, sql); raw != nil {
				if backend.Flush() != nil {
					return
				}
				_, _ = conn.Write(raw)
			}
		case *pgproto3.Sync:
			backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		case *pgproto3.Terminate:
			return
		}
	}
}

// drain reads until the client goes.
func drain(conn net.Conn) {
	buffer := make([]byte, 4096)
	for {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

// execute answers a statement, or hands back the bytes that answer it.
func (s Server) execute(backend *pgproto3.Backend, sql string) (raw []byte) {
	answer, ok := Answer{}, false
	if s.Answer != nil {
		answer, ok = s.Answer(sql)
	}
	if !ok {
		answer = Healthy(sql)
	}
	switch {
	case answer.Raw != nil:
		return answer.Raw
	case answer.Error != nil:
		backend.Send(answer.Error)
		return nil
	}
	if len(answer.Rows) > 0 {
		fields := make([]pgproto3.FieldDescription, len(answer.Rows[0]))
		for i := range fields {
			fields[i] = pgproto3.FieldDescription{Name: []byte("c"), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1}
		}
		backend.Send(&pgproto3.RowDescription{Fields: fields})
	} else {
		backend.Send(&pgproto3.NoData{})
	}
	for _, row := range answer.Rows {
		values := make([][]byte, len(row))
		for i, value := range row {
			if text, ok := value.(string); ok {
				values[i] = []byte(text)
			}
		}
		backend.Send(&pgproto3.DataRow{Values: values})
	}
	backend.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT")})
	return nil
}

// process is the number of the server's process.
const process = 4242

// Healthy is what a healthy server with an unused database answers.
func Healthy(sql string) Answer {
	for _, known := range healthy {
		if strings.Contains(sql, known.part) {
			return Answer{Rows: known.rows}
		}
	}
	return Answer{}
}

// healthy are the answers, by what is only in their question.
var healthy = []struct {
	part string
	rows [][]any
}{
	{"set_config('statement_timeout'", [][]any{{"5000", "1000", "on"}}},
	{"server_version_num", [][]any{{"170002", "17.2", "PostgreSQL 17.2"}}},
	{"pg_is_in_recovery", [][]any{{"f", "4242", "f"}}},
	{"pg_control_system", [][]any{{"7000000000000000001", "16384"}}},
	{"has_schema_privilege", [][]any{{"coder", "f", "public", `"$user", public`, "t", "t"}}},
	{"pg_try_advisory_xact_lock", [][]any{{"t"}}},
	{"max_connections", [][]any{{"100", "3", "0", "0", "0", "0", "0"}}},
	{"rolconnlimit", [][]any{{"-1", "-1"}}},
	{"cluster_name", [][]any{{"cluster", ""}}},
	{"pg_listening_channels", [][]any{{"1"}}},
	{"pg_notify", [][]any{{"", "4243"}}},
	{"clock_timestamp()) * 1000000", [][]any{{"1790000000000000", "4242"}}},
}
