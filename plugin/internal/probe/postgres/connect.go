package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// session is an open connection.
type session struct {
	conn *pgconn.PgConn
	wire *wire
	// closing says that close has been called.
	closing bool
	// heard receives notifications as they arrive.
	heard chan notification
}

type notification struct {
	payload string
	at      time.Time
}

// open brings a TCP connection through TLS and the start of a session, and
// records the phases where record is set.
func (p *probe) open(ctx context.Context, raw net.Conn, address string, record bool) (*session, error) {
	note := func(r pgfacts.StepResult) {
		if record {
			p.facts.Steps = append(p.facts.Steps, r)
		}
	}
	s := &session{wire: &wire{Conn: bounded(raw, address)}, heard: make(chan notification, 4)}
	conn, err := p.secure(ctx, s.wire, address, note)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	if p.Auth == pgfacts.AuthAWSIAM {
		_ = raw.Close()
		note(pgfacts.StepResult{Step: pgfacts.Authentication, Status: pgfacts.StepSkipped, Message: "CODER_PG_AUTH=awsiamrds needs the pod's IAM identity"})
		return nil, errNoIdentity
	}
	return s, p.start(ctx, s, conn, address, note)
}

// bounded is a connection to a server that may not know an end.
func bounded(raw net.Conn, address string) net.Conn {
	return limits.Conn(raw, "the server at "+address, limits.PostgresData)
}

// errNoIdentity ends a probe that has no way to authenticate.
var errNoIdentity = errors.New("no identity to authenticate with")

// secure brings TLS up where the sslmode wants it.
func (p *probe) secure(ctx context.Context, w *wire, address string, note func(pgfacts.StepResult)) (net.Conn, error) {
	if p.URL.SSLMode == pgurl.SSLDisable {
		note(pgfacts.StepResult{Step: pgfacts.TLSStep, Status: pgfacts.StepSkipped, Message: "sslmode=disable"})
		return w, nil
	}
	begin := time.Now()
	plan, err := planTLS(p.URL, func(path string) ([]byte, error) { return p.ReadFile(ctx, path) })
	plan.foreign = p.ForeignRoots
	var conn net.Conn
	var facts *pgfacts.TLS
	if err == nil {
		conn, facts, err = startTLS(ctx, w, p.URL.Host().Name, plan)
	}
	result := pgfacts.StepResult{Step: pgfacts.TLSStep, Status: pgfacts.StepOK, Took: time.Since(begin), Address: address}
	if err != nil {
		describeFailure(ctx, &result, err)
	}
	note(result)
	if facts != nil && p.facts.TLS == nil {
		p.facts.TLS = facts
	}
	if err != nil {
		return nil, &stepError{pgfacts.TLSStep, err}
	}
	return conn, nil
}

// start authenticates and waits until the server is ready for queries.
func (p *probe) start(ctx context.Context, s *session, conn net.Conn, address string, note func(pgfacts.StepResult)) error {
	begin := time.Now()
	watch := &authWatch{}
	config, err := p.config(conn, watch)
	if err != nil {
		err = &stepError{pgfacts.Authentication, err}
		failed := pgfacts.StepResult{Step: pgfacts.Authentication, Address: address}
		describeFailure(ctx, &failed, err)
		note(failed)
		return err
	}
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
		select {
		case s.heard <- notification{n.Payload, time.Now()}:
		default:
		}
	}
	err = survive(func() (err error) {
		s.conn, err = pgconn.ConnectConfig(ctx, config)
		return err
	})
	authenticated := watch.at
	if authenticated.IsZero() {
		authenticated = time.Now()
	}
	authentication := pgfacts.StepResult{Step: pgfacts.Authentication, Status: pgfacts.StepOK, Took: authenticated.Sub(begin), Address: address}
	database := pgfacts.StepResult{Step: pgfacts.Database, Status: pgfacts.StepOK, Took: time.Since(authenticated), Address: address}
	if err == nil {
		note(authentication)
		note(database)
		return nil
	}
	_ = conn.Close()
	step := pgfacts.Authentication
	if !watch.at.IsZero() {
		step = pgfacts.Database
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		step = startStep(refused, step)
	}
	err = &stepError{step, err}
	if step == pgfacts.Authentication {
		describeFailure(ctx, &authentication, err)
		note(authentication)
		return err
	}
	note(authentication)
	if step == pgfacts.Permission {
		note(database)
		database = pgfacts.StepResult{Step: pgfacts.Permission, Address: address}
	}
	describeFailure(ctx, &database, err)
	note(database)
	return err
}

// config is that of a session as coderd's driver starts it.
func (p *probe) config(conn net.Conn, watch *authWatch) (*pgconn.Config, error) {
	base, err := baseConfig()
	if err != nil {
		return nil, err
	}
	c := base.Copy()
	c.Host = p.URL.Host().Name
	c.User, c.Password, c.Database = p.user(), p.URL.Password(), p.database()
	c.ConnectTimeout = 0
	c.ChannelBinding = "disable"
	c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	c.DialFunc = p.dialOnce(conn)
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		watch.Reader = r
		front := pgproto3.NewFrontend(watch, w)
		front.SetMaxBodyLen(int(limits.PostgresData.Most))
		return front
	}
	// What lib/pq sends of its own accord, then what the URL says.
	c.RuntimeParams = map[string]string{"extra_float_digits": "2", "client_encoding": "UTF8", "datestyle": "ISO, MDY"}
	maps.Copy(c.RuntimeParams, p.URL.RuntimeParams())
	c.RuntimeParams["application_name"] = ApplicationName
	for _, name := range p.refused {
		delete(c.RuntimeParams, name)
	}
	return c, nil
}

// dialOnce hands out the connection that is open already. What pgconn dials
// after that is a request to cancel a statement, on a connection of its own.
func (p *probe) dialOnce(conn net.Conn) pgconn.DialFunc {
	var handedOut atomic.Bool
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if handedOut.CompareAndSwap(false, true) {
			return conn, nil
		}
		raw, err := p.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return p.secure(ctx, &wire{Conn: bounded(raw, address)}, address, func(pgfacts.StepResult) {})
	}
}

// baseConfig is a configuration that owes nothing to the PG* variables of this
// process: pgconn only accepts one that its own parser made, and that parser
// fails on a PGSERVICE that it cannot find.
var baseConfig = sync.OnceValues(func() (*pgconn.Config, error) {
	if service, ok := os.LookupEnv("PGSERVICE"); ok {
		_ = os.Unsetenv("PGSERVICE")
		defer func() { _ = os.Setenv("PGSERVICE", service) }()
	}
	c, err := pgconn.ParseConfig("host=localhost port=5432 user=x database=x password=x sslmode=disable connect_timeout=0 " +
		"target_session_attrs=any sslcertmode=allow sslnegotiation=postgres channel_binding=disable " +
		"min_protocol_version=3.0 max_protocol_version=3.0 require_auth=''")
	if err != nil {
		return nil, fmt.Errorf("prepare the connection: %w", err)
	}
	c.Fallbacks = nil
	c.KerberosSrvName, c.KerberosSpn = "", ""
	return c, nil
})

func (p *probe) user() string {
	if p.URL.User == "" {
		return pgurl.DefaultUser
	}
	return p.URL.User
}

func (p *probe) database() string {
	if p.URL.Database == "" {
		return p.user()
	}
	return p.URL.Database
}

// unsupported is how PgBouncer refuses a start-up parameter.
var unsupported = regexp.MustCompile(`^unsupported startup parameter(?: in options)?: (\w+)$`)

// refusedParameter is the start-up parameter that a pooler refuses, if that is
// what the error says.
func refusedParameter(err error) (string, bool) {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return "", false
	}
	m := unsupported.FindStringSubmatch(refused.Message)
	if m == nil {
		return "", false
	}
	return m[1], true
}
