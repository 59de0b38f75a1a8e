package postgres

import (
	"context"
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

const secret = "zQ9xJ7kW"

// ask probes a URL and looks for its password in the facts.
func ask(ctx context.Context, t *testing.T, raw string, change func(*Options)) *pgfacts.Facts {
	t.Helper()
	u, err := pgurl.Parse(raw)
	require.NoError(t, err)
	o := Options{URL: u, ConnectTimeout: 300 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	facts := Probe(ctx, o)
	text, err := json.Marshal(facts)
	require.NoError(t, err)
	assert.NotContains(t, string(text), secret)
	return facts
}

// listen accepts connections on loopback and hands each to serve.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// silent accepts a connection and never answers.
func silent(conn net.Conn) {
	buffer := make([]byte, 4096)
	for {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

func last(t *testing.T, f *pgfacts.Facts) pgfacts.StepResult {
	t.Helper()
	require.NotEmpty(t, f.Steps)
	return f.Steps[len(f.Steps)-1]
}

func TestASilentServerEndsWithTheStepThatItLeftUnanswered(t *testing.T) {
	t.Parallel()
	address := listen(t, silent)
	for params, step := range map[string]pgfacts.Step{"?sslmode=disable": pgfacts.Authentication, "": pgfacts.TLSStep} {
		f := ask(t.Context(), t, "postgres://coder:"+secret+"@"+address+"/coder"+params, nil)
		assert.Equal(t, step, f.FailedStep, params)
		assert.True(t, last(t, f).TimedOut)
		assert.Regexp(t, `^no answer within \d+ ms$`, last(t, f).Message)
		assert.Equal(t, address, last(t, f).Address)
		assert.False(t, f.Interrupted)
	}
}

func TestASilentServerIsReportedBeforeTheCallersTimeIsUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	f := ask(ctx, t, "postgres://coder:"+secret+"@"+listen(t, silent)+"/coder", func(o *Options) { o.ConnectTimeout = time.Hour })
	assert.Equal(t, pgfacts.TLSStep, f.FailedStep)
	assert.False(t, f.Interrupted)
	require.NoError(t, ctx.Err())
}

func TestAnInterruptEndsTheProbeAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address := listen(t, func(conn net.Conn) {
		cancel()
		silent(conn)
	})
	begin := time.Now()
	f := ask(ctx, t, "postgres://coder:"+secret+"@"+address+"/coder", func(o *Options) { o.ConnectTimeout = time.Hour })
	assert.Less(t, time.Since(begin), 500*time.Millisecond)
	assert.True(t, f.Interrupted)
	assert.Equal(t, "interrupted", last(t, f).Message)
}

func TestARefusedPortIsTheSystemsWord(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	f := ask(t.Context(), t, "postgres://coder:"+secret+"@"+address+"/coder", nil)
	assert.Equal(t, pgfacts.TCP, f.FailedStep)
	assert.Equal(t, "connection refused", last(t, f).Message)
}

func TestAServerThatIsNotPostgresIsSaidToBeNone(t *testing.T) {
	t.Parallel()
	address := listen(t, func(conn net.Conn) { _, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) })
	f := ask(t.Context(), t, "postgres://coder:"+secret+"@"+address+"/coder", nil)
	assert.Equal(t, pgfacts.TLSStep, f.FailedStep)
	assert.Contains(t, last(t, f).Message, "not that of a Postgres server")
}

func TestAServerThatHangsUpIsReported(t *testing.T) {
	t.Parallel()
	address := listen(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) })
	f := ask(t.Context(), t, "postgres://coder:"+secret+"@"+address+"/coder?sslmode=disable", nil)
	assert.Equal(t, pgfacts.Authentication, f.FailedStep)
}

func TestEveryAddressOfANameIsTried(t *testing.T) {
	t.Parallel()
	address := listen(t, silent)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	f := ask(t.Context(), t, "postgres://coder:"+secret+"@db.example:"+port+"/coder", func(o *Options) {
		o.Lookup = func(context.Context, string) ([]string, error) { return []string{"127.0.0.2", "127.0.0.1"}, nil }
	})
	require.Len(t, f.Addresses, 2)
	assert.Equal(t, pgfacts.Address{Address: "127.0.0.2:" + port, Took: f.Addresses[0].Took, Error: "connection refused"}, f.Addresses[0])
	assert.Equal(t, address, f.Addresses[1].Address)
	assert.Empty(t, f.Addresses[1].Error)
	assert.Equal(t, pgfacts.TLSStep, f.FailedStep)
}

func TestANameThatOnlyAClusterKnowsIsRecognized(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{"db.coder.svc": true, "db.coder.svc.cluster.local": true, "db.example.com": false, "db": false} {
		f := ask(t.Context(), t, "postgres://coder:"+secret+"@"+host+"/coder", func(o *Options) {
			o.Lookup = func(_ context.Context, host string) ([]string, error) {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
		})
		assert.Equal(t, pgfacts.DNS, f.FailedStep, host)
		assert.Equal(t, "no such host", last(t, f).Message)
		assert.Equal(t, want, f.ClusterName, host)
	}
	assert.True(t, clusterName("db", true))
	assert.True(t, clusterName("db.coder", true))
	assert.False(t, clusterName("db.example.com", true))
}

func TestIAMAuthenticationIsNotTried(t *testing.T) {
	t.Parallel()
	f := ask(t.Context(), t, "postgres://coder@"+listen(t, silent)+"/coder?sslmode=disable", func(o *Options) { o.Auth = pgfacts.AuthAWSIAM })
	assert.Empty(t, f.FailedStep)
	assert.Equal(t, pgfacts.Authentication, last(t, f).Step)
	assert.Equal(t, pgfacts.StepSkipped, last(t, f).Status)
	assert.Nil(t, f.Server)
}
