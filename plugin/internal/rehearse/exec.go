package rehearse

import (
	"context"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/coder-ha/coder-ha/plugin/internal/agent/embedded"
)

// carry is the shell's part in bringing the agent: it says what machine this is,
// takes as many bytes as it is told, and becomes the agent.
const carry = "uname -m && read n && head -c \"$n\" | gzip -dc > " + InVolume + " && chmod 700 " + InVolume + " && exec " + InVolume + " serve"

// openByExec brings the agent into a pod of coderd's own image, and starts it there.
func (c *cluster) openByExec(ctx context.Context, pod corev1.Pod, container string) (*session, error) {
	s, err := c.exec(ctx, pod, container, []string{"sh", "-c", carry})
	if err != nil {
		return nil, err
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
	s := newSession(inWrite, outRead)
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
