package rehearse

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
)

// session is a running agent and the stream to it. It ends with the context that it
// was opened with.
type session struct {
	in    io.WriteCloser
	lines *bufio.Scanner
	// ended is closed when the stream is; err then says why.
	ended  chan struct{}
	err    error
	stderr tail
	// broken is why nothing can be asked any more.
	broken error
}

// newSession is a session that writes to the agent and reads from it.
func newSession(in io.WriteCloser, out io.Reader) *session {
	s := &session{in: in, lines: bufio.NewScanner(out), ended: make(chan struct{})}
	s.lines.Buffer(nil, agent.MostLine)
	return s
}

// Times of an agent: silence is for how long nothing may be heard of one that is at a
// request, and carryTime is what the way there may take, with a program.
const (
	silence   = 20 * time.Second
	carryTime = time.Minute
)

var errSilent = errors.New("nothing is heard of the pod any more")

// ask sends a request and waits for the reply.
func (s *session) ask(ctx context.Context, request agent.Request) (agent.Reply, error) {
	if s.broken != nil {
		return agent.Reply{}, s.broken
	}
	reply, err := s.try(ctx, request)
	s.broken = err
	return reply, err
}

func (s *session) try(ctx context.Context, request agent.Request) (agent.Reply, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return agent.Reply{}, err
	}
	if err := s.send(ctx, append(text, '\n')); err != nil {
		return agent.Reply{}, err
	}
	line, err := s.line(ctx)
	if err != nil {
		return agent.Reply{}, err
	}
	var reply agent.Reply
	if err := json.Unmarshal(line, &reply); err != nil {
		return agent.Reply{}, errors.New("the answer of the agent cannot be read")
	}
	if !fits(reply, request) {
		return agent.Reply{}, errors.New("the answer of the agent does not fit the question")
	}
	return reply, nil
}

// fits says whether a reply has as many answers as its request has peers: what it says
// of a peer is found by the number of the peer.
func fits(reply agent.Reply, request agent.Request) bool {
	reached, measured := 0, 0
	if request.Reach != nil {
		reached = len(request.Reach.Peers)
	}
	if request.Measure != nil {
		measured = len(request.Measure.Peers)
	}
	return len(reply.Links) == reached && len(reply.Latencies) == measured
}

// send writes to the agent, as long as there is one.
func (s *session) send(ctx context.Context, text []byte) error {
	done := make(chan error, 1)
	go func() {
		_, err := s.in.Write(text)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			return s.why(ctx)
		}
		return nil
	case <-time.After(carryTime):
		return errSilent
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// line reads one line of the agent. Empty ones say that it is there.
func (s *session) line(ctx context.Context) ([]byte, error) {
	for {
		done := make(chan bool, 1)
		go func() { done <- s.lines.Scan() }()
		select {
		case ok := <-done:
			if !ok {
				return nil, s.why(ctx)
			}
			if text := bytes.Clone(s.lines.Bytes()); len(text) > 0 {
				return text, nil
			}
		case <-time.After(silence):
			return nil, errSilent
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// why says what ended the stream.
func (s *session) why(ctx context.Context) error {
	select {
	case <-s.ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	said := s.stderr.String()
	switch {
	case said != "":
		return errors.New(said)
	case s.err != nil && strings.Contains(s.err.Error(), "websocket: close"):
		return errors.New("the stream to the pod broke off")
	case s.err != nil:
		return s.err
	default:
		return errors.New("the agent ended")
	}
}

// closeTime is how long an agent may take to end.
const closeTime = time.Second

// close ends the agent, whose input ends, and waits for that.
func (s *session) close(ctx context.Context) {
	_ = s.in.Close()
	ctx, cancel := context.WithTimeout(ctx, closeTime)
	defer cancel()
	select {
	case <-s.ended:
	case <-ctx.Done():
	}
}

// tail keeps the last of what a program says on standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// mostTail is how much of it is kept.
const mostTail = 500

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-mostTail):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(string(t.text)), " ")
}
