package rehearse

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
	"github.com/coder-ha/coder-ha/plugin/internal/agent/embedded"
)

// session is a running agent and the stream to it.
type session struct {
	in    *io.PipeWriter
	lines *bufio.Scanner
	// ended is closed when the stream is; err then says why.
	ended  chan struct{}
	err    error
	stderr tail
}

// carry is the shell's part in bringing the agent: it says what machine this is,
// takes as many bytes as it is told, and becomes the agent.
const carry = "uname -m && read n && head -c \"$n\" | gzip -dc > " + InVolume + " && chmod 700 " + InVolume + " && exec " + InVolume + " serve"

// open starts the agent of a pod. The session ends with the context.
func (c *cluster) open(ctx context.Context, pod corev1.Pod, container string, inImage bool) (*session, error) {
	command := []string{"sh", "-c", carry}
	if inImage {
		command = []string{InImage, "serve"}
	}
	s, err := c.exec(ctx, pod, container, command)
	if err != nil || inImage {
		return s, err
	}
	if err := s.bring(ctx); err != nil {
		s.close(ctx)
		return nil, err
	}
	return s, nil
}

// exec starts a command in a pod.
func (c *cluster) exec(ctx context.Context, pod corev1.Pod, container string, command []string) (*session, error) {
	url := c.core.RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	websocket, err := remotecommand.NewWebSocketExecutor(c.config, "GET", url.String())
	if err != nil {
		return nil, err
	}
	spdy, err := remotecommand.NewSPDYExecutor(c.config, "POST", url)
	if err != nil {
		return nil, err
	}
	either, err := remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	if err != nil {
		return nil, err
	}
	inRead, inWrite := io.Pipe()
	outRead, outWrite := io.Pipe()
	s := &session{in: inWrite, lines: bufio.NewScanner(outRead), ended: make(chan struct{})}
	s.lines.Buffer(nil, agent.MostLine)
	go func() {
		defer close(s.ended)
		s.err = either.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: inRead, Stdout: outWrite, Stderr: &s.stderr})
		_ = inRead.CloseWithError(io.ErrClosedPipe)
		_ = outWrite.Close()
	}()
	return s, nil
}

// bring sends the program for the machine at the other end.
func (s *session) bring(ctx context.Context) error {
	machine, err := s.line(ctx)
	if err != nil {
		return err
	}
	program, err := embedded.Agent(strings.TrimSpace(string(machine)))
	if err != nil {
		return err
	}
	return s.send(ctx, append(fmt.Appendf(nil, "%d\n", len(program)), program...))
}

// ask sends a request and waits for the reply.
func (s *session) ask(ctx context.Context, request agent.Request) (agent.Reply, error) {
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
	return reply, nil
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
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// line reads one line of the agent.
func (s *session) line(ctx context.Context) ([]byte, error) {
	done := make(chan bool, 1)
	go func() { done <- s.lines.Scan() }()
	select {
	case ok := <-done:
		if !ok {
			return nil, s.why(ctx)
		}
		return bytes.Clone(s.lines.Bytes()), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
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
