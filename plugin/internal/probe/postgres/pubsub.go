package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// newChannel is a channel that nobody else listens to.
func newChannel() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return "coder_ha_preflight_" + hex.EncodeToString(b)
}

// listenQuestions begin to listen, and ask in a later transaction whether the
// session still does.
func (p *probe) listenQuestions(channel string) []question {
	return []question{
		{name: pgfacts.AskListen, sql: "LISTEN " + channel},
		{
			name:  pgfacts.AskListening,
			sql:   "SELECT count(*) FROM pg_listening_channels() AS c WHERE c = '" + channel + "'",
			shape: oneRow(number),
			into:  func(rows []row) { p.facts.PubSub.Listening = rows[0].number(0) > 0 },
		},
	}
}

// notifier is what became of the second connection.
type notifier struct {
	err   error
	sent  time.Time
	trips int
	// backend is the server's process that sent the notification.
	backend int
}

// notifyFromSecond opens the second connection and, once the first one listens
// and is quiet, sends a notification from it.
func (p *probe) notifyFromSecond(ctx context.Context, where endpoint, channel string, quiet <-chan struct{}) (n notifier) {
	connecting, cancel := bound(ctx, p.ConnectTimeout)
	defer cancel()
	raw, err := p.Dial(connecting, where.network, where.address)
	if err != nil {
		return notifier{err: err}
	}
	s, err := p.open(connecting, raw, where.address, false)
	if err != nil {
		return notifier{err: err}
	}
	defer func() { n.trips = s.wire.roundTrips() }()
	defer s.close()
	if _, ok := <-quiet; !ok {
		return notifier{err: errors.New("the first connection did not listen")}
	}
	asking, cancelAsking := bound(ctx, statementTimeout)
	defer cancelAsking()
	n.sent = time.Now()
	var refused error
	err = s.ask(asking, func(g pgfacts.Gap) { refused = errors.New(g.Message) }, question{
		name: pgfacts.AskNotify, sql: "SELECT pg_notify('" + channel + "', '" + channel + "'), pg_backend_pid()",
		shape: oneRow(orNull(text), number),
		into:  func(rows []row) { n.backend = rows[0].number(1) },
	})
	n.err = errors.Join(err, refused)
	return n
}

// arrivalPatience is how long a notification may take beyond the round trips
// that have passed already.
const arrivalPatience = time.Second

// hear waits for the notification, and takes the LISTEN back where it would
// outlive the connection.
func (p *probe) hear(ctx context.Context, s *session, channel string, n notifier) error {
	facts := p.facts.PubSub
	facts.Tried, facts.Shared = true, len(p.backends) > 1 || p.backends[n.backend]
	for _, g := range p.facts.Gaps {
		if g.Question == pgfacts.AskListen {
			facts.ListenError = g.Message
		}
	}
	if n.err != nil {
		p.secondFailed(n.err)
	} else if facts.ListenError == "" {
		waiting, cancel := context.WithTimeout(ctx, arrivalPatience)
		defer cancel()
		if at, ok := s.arrived(waiting, channel); ok {
			facts.Arrived, facts.Took = true, at.Sub(n.sent)
		}
	}
	if ctx.Err() != nil || s.conn.IsClosed() || !p.facts.Proxy.Present && !facts.Shared {
		// The LISTEN ends with the session.
		return nil
	}
	// In a pooler the session of the server lives on.
	return s.ask(ctx, p.gap, question{name: pgfacts.AskUnlisten, sql: "UNLISTEN " + channel})
}

// arrived says whether and when the notification came, waiting for it if need
// be.
func (s *session) arrived(ctx context.Context, payload string) (at time.Time, ok bool) {
	for {
		select {
		case n := <-s.heard:
			if n.payload == payload {
				return n.at, true
			}
			continue
		default:
		}
		if err := s.conn.WaitForNotification(ctx); err != nil {
			return time.Time{}, false
		}
	}
}

// secondFailed says why there was no second connection. A server that had no
// room for it tells something about its capacity.
func (p *probe) secondFailed(err error) {
	p.facts.PubSub.NotifyError = short(plain(err))
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return
	}
	p.facts.PubSub.NotifyError = short(refused.Message)
	full := refused.Code == pgfacts.TooManyConnections || strings.Contains(refused.Message, "remaining connection slots are reserved")
	if full && p.facts.Capacity != nil {
		p.facts.Capacity.SecondRefused = short(refused.Message)
	}
}
