package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// probe is one run; its facts grow as it goes.
type probe struct {
	Options
	facts *pgfacts.Facts
	// refused are start-up parameters that are left out, because a pooler does
	// not take them.
	refused []string
	// tables are those of Coder's that exist.
	tables map[string]bool
	// backends are the server's processes that served the first connection.
	backends map[int]bool
	// toldPID is the server's process as the start of the session named it.
	toldPID uint32
	// interviewed is when the questions began.
	interviewed time.Time
}

// Probe asks the server of the URL and returns what is known by the time it is
// done, or the context ends, or the server falls silent. It closes what it
// opened before it returns.
func Probe(ctx context.Context, o Options) *pgfacts.Facts {
	begin := time.Now()
	p := &probe{Options: o.withDefaults(), facts: &pgfacts.Facts{}, tables: map[string]bool{}, backends: map[int]bool{}}
	host := p.URL.Host()
	p.facts.Target = pgfacts.Target{
		URL: p.URL.Redacted(), Origin: p.Origin, Host: host.Name, Port: host.Port, User: p.user(), Database: p.database(),
		SSLMode: p.URL.SSLMode, Auth: p.Auth, InCluster: p.InCluster, Local: p.URL.Local(),
	}
	if err := p.run(ctx); err != nil {
		p.fail(ctx, err)
	}
	nameProxyByHost(p.facts)
	p.facts.Interrupted = ctx.Err() != nil
	p.facts.Elapsed = time.Since(begin)
	p.scrub()
	return p.facts
}

// fail records which phase ended the probe.
func (p *probe) fail(ctx context.Context, err error) {
	if errors.Is(err, errNoIdentity) {
		return
	}
	if step, ok := errors.AsType[*stepError](err); ok {
		p.facts.FailedStep = step.step
		return
	}
	p.facts.FailedStep = pgfacts.Query
	result := pgfacts.StepResult{Step: pgfacts.Query, Took: time.Since(p.interviewed)}
	describeFailure(ctx, &result, err)
	p.facts.Steps = append(p.facts.Steps, result)
}

func (p *probe) run(ctx context.Context) error {
	connecting, cancel := bound(ctx, p.ConnectTimeout)
	defer cancel()
	endpoints, err := p.resolve(connecting)
	if err != nil {
		return err
	}
	first, where, err := p.connect(connecting, endpoints)
	if err != nil {
		return err
	}
	defer func() { p.facts.RoundTrips[0] = first.wire.roundTrips() }()
	defer first.close()
	p.sawBackend(first)
	return p.interview(ctx, first, where)
}

// connect opens the first session. A pooler that refuses a start-up parameter
// is asked again without it, so that the rest can be known too.
func (p *probe) connect(ctx context.Context, endpoints []endpoint) (*session, endpoint, error) {
	raw, where, err := p.dialAll(ctx, endpoints)
	if err != nil {
		return nil, where, err
	}
	s, err := p.open(ctx, raw, where.address, true)
	for name, again := refusedParameter(err); again && len(p.refused) < maxRefused; name, again = refusedParameter(err) {
		p.refused = append(p.refused, name)
		p.facts.Proxy.Refused = p.refused
		p.facts.Proxy.Present, p.facts.Proxy.Name = true, "PgBouncer"
		p.facts.Proxy.Hint = "it refuses the start-up parameter " + name
		p.facts.Steps = p.facts.Steps[:upTo(p.facts, pgfacts.TCP)]
		if raw, err = p.Dial(ctx, where.network, where.address); err != nil {
			return nil, where, &stepError{pgfacts.TCP, err}
		}
		s, err = p.open(ctx, raw, where.address, true)
	}
	return s, where, err
}

// maxRefused bounds how many start-up parameters are given up.
const maxRefused = 4

// upTo is how many steps there are up to and with one.
func upTo(f *pgfacts.Facts, step pgfacts.Step) int {
	for i, s := range f.Steps {
		if s.Step == step {
			return i + 1
		}
	}
	return 0
}

// interview asks everything of an open session, while a second one is opened
// for the trial of NOTIFY.
func (p *probe) interview(ctx context.Context, first *session, where endpoint) error {
	p.interviewed = time.Now()
	channel := newChannel()
	second := make(chan notifier, 1)
	quiet := make(chan struct{}, 1)
	secondContext, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { second <- p.notifyFromSecond(secondContext, where, channel, quiet) }()
	err := p.askAll(ctx, first, channel, quiet)
	if err != nil {
		cancel()
		first.close()
	}
	other := <-second
	p.facts.RoundTrips[1] = other.trips
	if err != nil {
		return err
	}
	return p.hear(ctx, first, channel, other)
}

// askAll asks the first session everything that needs no second one, and says
// on quiet that it listens and sends nothing more. Behind a pooler a
// notification could otherwise come along with the answer to a question.
func (p *probe) askAll(ctx context.Context, s *session, channel string, quiet chan<- struct{}) error {
	defer close(quiet)
	begin := time.Now()
	ctx, cancel := bound(ctx, queryBudget)
	defer cancel()
	err := s.ask(ctx, p.gap, p.serverQuestions()...)
	permission := pgfacts.StepResult{Step: pgfacts.Permission, Status: pgfacts.StepOK, Took: time.Since(begin)}
	if err != nil {
		describeFailure(ctx, &permission, err)
		p.facts.Steps = append(p.facts.Steps, permission)
		return &stepError{pgfacts.Permission, err}
	}
	p.facts.Steps = append(p.facts.Steps, permission)
	p.facts.PubSub = &pgfacts.PubSub{}
	if err := s.ask(ctx, p.gap, append(p.coderQuestions(), p.listenQuestions(channel)...)...); err != nil {
		return err
	}
	if err := p.measure(ctx, s); err != nil {
		return err
	}
	quiet <- struct{}{}
	return nil
}

// queryBudget bounds all questions together; each has statementTimeout too.
const queryBudget = 30 * time.Second

// measure takes the latency and the clock from the same round trips.
func (p *probe) measure(ctx context.Context, s *session) error {
	taken := make([]time.Duration, 0, samples)
	for range samples {
		begin := time.Now()
		var server time.Time
		answered := false
		err := s.ask(ctx, p.gap, question{
			name: pgfacts.AskClock, sql: "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, pg_backend_pid()",
			shape: oneRow(integer, number),
			into: func(rows []row) {
				server = time.UnixMicro(int64(rows[0].number(0)))
				p.backends[rows[0].number(1)] = true
				answered = true
			},
		})
		if err != nil {
			return err
		}
		if !answered {
			return nil
		}
		took := time.Since(begin)
		taken = append(taken, took)
		if p.facts.Clock == nil || took/2 < p.facts.Clock.Uncertainty {
			p.facts.Clock = &pgfacts.Clock{Skew: server.Sub(begin.Add(took / 2)), Uncertainty: took / 2}
		}
	}
	p.facts.Latency = pgfacts.NewLatency(taken)
	return nil
}

func (p *probe) gap(g pgfacts.Gap) { p.facts.Gaps = append(p.facts.Gaps, g) }

// close says goodbye and closes the connection; one that a context cut off is
// already being closed, with a request to cancel what still runs.
func (s *session) close() {
	if s.conn == nil || s.closing {
		return
	}
	s.closing = true
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	_ = s.conn.Close(ctx)
	select {
	case <-s.conn.CleanupDone():
	case <-ctx.Done():
		_ = s.wire.Close()
	}
}

// scrub masks the password should a server ever repeat it.
func (p *probe) scrub() {
	password := p.URL.Password()
	if len(password) < minScrubbed || strings.Contains(p.facts.Target.User+p.facts.Target.Database+p.facts.Target.Host, password) {
		return
	}
	mask := func(s *string) { *s = strings.ReplaceAll(*s, password, "***") }
	for i := range p.facts.Steps {
		mask(&p.facts.Steps[i].Message)
	}
	for i := range p.facts.Gaps {
		mask(&p.facts.Gaps[i].Message)
	}
	for i := range p.facts.Addresses {
		mask(&p.facts.Addresses[i].Error)
	}
}

// minScrubbed is the length from which a password is looked for in messages: a
// shorter one occurs in ordinary words.
const minScrubbed = 5
