// Package postgrestest starts throw-away Postgres servers on loopback.
//
// A server runs as an unprivileged user, keeps its data in a directory of its
// own below the system's temporary directory, and leaves nothing behind once it
// is stopped. Postgres refuses to run as root, so root starts it as the user
// postgres or, where there is none, as nobody.
package postgrestest

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Superuser is the role that owns every server.
const Superuser = "postgres"

// Options say what kind of server to start; the zero value is a plain one.
type Options struct {
	// Binaries is the directory of initdb and postgres. Without it, Binaries
	// of this package looks for them.
	Binaries string
	// Settings go into postgresql.conf.
	Settings map[string]string
	// HBA are the lines of pg_hba.conf. Without them, everybody on loopback
	// authenticates with scram-sha-256.
	HBA []string
	// Certificate turns TLS on.
	Certificate *Certificate
	// StandbyOf makes this server a streaming standby of another.
	StandbyOf *Server
	// Log receives what the server says; without it, only errors quote it.
	Log io.Writer
}

// Server is a running Postgres server.
type Server struct {
	// Host and Port are where it listens.
	Host string
	Port int
	// Dir holds its data and its socket.
	Dir string
	// Password is that of Superuser and of every role that CreateDatabase
	// makes. It has characters that a URL must encode, and it appears nowhere
	// else, so that a test can look for it in any output.
	Password string

	options Options
	account account
	process *exec.Cmd
	exited  chan struct{}
	end     context.CancelFunc
}

// startAttempts is how often another port is tried: a free port can be taken
// between the moment it was found and the moment Postgres listens on it.
const startAttempts = 5

// Start makes a new cluster, starts its server and waits until it accepts
// connections. Stop must be called, and ends it. The context bounds the start
// only.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Binaries == "" {
		dir, err := Binaries()
		if err != nil {
			return nil, err
		}
		o.Binaries = dir
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := who.makeTempDir()
	if err != nil {
		return nil, err
	}
	s := &Server{Host: "127.0.0.1", Dir: dir, Password: "p/@:" + rand.Text() + "#?", options: o, account: who}
	if o.StandbyOf != nil {
		s.Password = o.StandbyOf.Password
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if err := s.reachBinaries(); err != nil {
		return err
	}
	if err := s.initialize(ctx); err != nil {
		return err
	}
	var err error
	for range startAttempts {
		if err = s.run(ctx); err == nil || !strings.Contains(err.Error(), "Address already in use") {
			return err
		}
	}
	return err
}

// reachBinaries copies the server's programs to where its account can read them,
// when they lie below a folder of root's.
func (s *Server) reachBinaries() error {
	ok, err := s.account.canRead(s.options.Binaries)
	if ok || err != nil {
		return err
	}
	program := filepath.Join(s.Dir, "program")
	if err := os.CopyFS(program, os.DirFS(filepath.Dir(s.options.Binaries))); err != nil {
		return fmt.Errorf("copy Postgres to where its user can read it: %w", err)
	}
	s.options.Binaries = filepath.Join(program, filepath.Base(s.options.Binaries))
	return s.account.own(program)
}

// run starts the server and waits for the line that says it is ready.
func (s *Server) run(ctx context.Context) error {
	var err error
	if s.Port, err = freePort(ctx, s.Host); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	var life context.Context
	life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.process = exec.CommandContext(life, filepath.Join(s.options.Binaries, "postgres"), "-D", s.data())
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGINT) }
	s.process.WaitDelay = stopPatience
	s.account.apply(s.process, s.Dir)
	stderr, err := s.process.StderrPipe()
	if err != nil {
		return err
	}
	s.process.Stdout = s.process.Stderr
	if err := s.process.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	s.exited = make(chan struct{})
	ready := make(chan struct{})
	said := &tail{}
	go s.follow(stderr, said, ready)
	select {
	case <-ready:
		return nil
	case <-s.exited:
		return fmt.Errorf("postgres ended before it was ready:\n%s", said)
	case <-ctx.Done():
		return fmt.Errorf("postgres was not ready in time: %w:\n%s", context.Cause(ctx), said)
	}
}

// follow reads the server's log until it exits, and closes ready at the line
// that says that connections are accepted.
func (s *Server) follow(stderr io.Reader, said *tail, ready chan<- struct{}) {
	defer close(s.exited)
	defer s.end()
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	waiting := true
	for lines.Scan() {
		line := lines.Text()
		said.add(line)
		if s.options.Log != nil {
			_, _ = fmt.Fprintln(s.options.Log, line)
		}
		if waiting && strings.Contains(line, "ready to accept") {
			waiting = false
			close(ready)
		}
	}
	_ = s.process.Wait()
}

// stopPatience is how long the server may take to end before it is killed.
const stopPatience = 10 * time.Second

// Stop ends the server, dropping its connections, and removes its directory.
func (s *Server) Stop() error {
	if s.exited != nil {
		s.end()
		<-s.exited
	}
	return os.RemoveAll(s.Dir)
}

// Address is host:port.
func (s *Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// URL is a connection URL for a role and a database. Parameters are name=value;
// without an sslmode among them it is disable.
func (s *Server) URL(user, password, database string, params ...string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: s.Address(), Path: "/" + database}
	query := url.Values{"sslmode": {"disable"}}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// SuperURL is the URL of the superuser in database postgres.
func (s *Server) SuperURL(params ...string) string {
	return s.URL(Superuser, s.Password, "postgres", params...)
}

// Connect opens a connection as the superuser; the caller closes it.
func (s *Server) Connect(ctx context.Context, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, s.URL(Superuser, s.Password, database, s.clientTLS(), "application_name=postgrestest"))
}

// Exec runs statements, one after the other, as the superuser.
func (s *Server) Exec(ctx context.Context, database string, statements ...string) error {
	conn, err := s.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// CreateDatabase makes a database and a role of the same name that owns it, as
// Coder's documentation asks for, and returns the URL to it.
func (s *Server) CreateDatabase(ctx context.Context, name string) (string, error) {
	ident := pgx.Identifier{name}.Sanitize()
	err := s.Exec(ctx, "postgres",
		"CREATE ROLE "+ident+" LOGIN PASSWORD '"+s.Password+"'",
		"CREATE DATABASE "+ident+" OWNER "+ident)
	return s.URL(name, s.Password, name), err
}

func (s *Server) clientTLS() string {
	if s.options.Certificate != nil {
		return "sslmode=require"
	}
	return "sslmode=disable"
}

func freePort(ctx context.Context, host string) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
