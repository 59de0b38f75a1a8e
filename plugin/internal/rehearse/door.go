package rehearse

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/tunnel"
)

// Doors are where the agents of an image listen for the plugin: a port for each pod,
// for pods on the network of one node listen on one loopback.
type Doors struct {
	// First is the port of the first pod of the first workload.
	First int
	// token opens them. The pods know its digest only, which everybody may read.
	token string
}

// The ports of doors: above those that programs choose, below those that Kubernetes
// gives to Services and Linux to clients.
const (
	lowestDoor  = 20000
	highestDoor = 29999
)

// newDoors chooses ports that nothing in the pods is known to listen on.
func newDoors(workloads []Workload, replicas []deployment.Replica) Doors {
	taken := taken(workloads, replicas)
	width := Most * len(workloads)
	d := Doors{token: secret()}
	for {
		// Read never fails, by its documentation.
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(highestDoor-lowestDoor-width)))
		d.First = lowestDoor + int(n.Int64())
		if !slices.ContainsFunc(taken, func(port int) bool { return d.First <= port && port < d.First+width }) {
			return d
		}
	}
}

// secret is a token of one run.
func secret() string {
	random := make([]byte, 16)
	// Read never fails, by its documentation.
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}

// taken are the ports that the containers of the pods declare, and those on which
// coderd listens.
func taken(workloads []Workload, replicas []deployment.Replica) []int {
	var ports []int
	for _, w := range workloads {
		for _, c := range slices.Concat(w.Pod.Spec.InitContainers, w.Pod.Spec.Containers) {
			for _, p := range c.Ports {
				ports = append(ports, int(p.ContainerPort), int(p.HostPort))
			}
		}
	}
	for _, r := range replicas {
		for _, name := range []string{coder.HTTPAddress, coder.TLSAddress} {
			_, text, _ := net.SplitHostPort(string(r.Address(name).Text))
			if port, err := strconv.Atoi(text); err == nil {
				ports = append(ports, port)
			}
		}
	}
	return ports
}

// of is the port of the first pod of a workload. An agent adds the index of its pod.
func (d Doors) of(workload int) int { return d.First + workload*Most }

// command is what an agent of an image runs.
func (d Doors) command(workload int, lifetime time.Duration) []string {
	return []string{InImage, "listen", strconv.Itoa(d.of(workload)), agent.TokenDigest(d.token), strconv.Itoa(int(lifetime.Seconds()))}
}

// Times of an agent that starts: the kubelet says that a container runs before its
// program listens.
const (
	knockEvery = 250 * time.Millisecond
	knockTime  = 5 * time.Second
)

// openByDoor comes to the agent that a pod runs by itself, once it listens.
func (c *cluster) openByDoor(ctx context.Context, pod corev1.Pod, port int, token string) (*session, error) {
	ticker := time.NewTicker(knockEvery)
	defer ticker.Stop()
	deadline := time.Now().Add(knockTime)
	for {
		s, err := c.knock(ctx, pod, port, token)
		if err == nil || errors.Is(err, errOtherAgent) || refuses(err, forwardRight) || time.Now().After(deadline) {
			return s, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

var errOtherAgent = errors.New("the agent in the image is of another version than this plugin: use the image of the same version")

// knock opens a connection to the agent and shows the token.
func (c *cluster) knock(ctx context.Context, pod corev1.Pod, port int, token string) (*session, error) {
	opening, cancel := context.WithTimeoutCause(ctx, requestTime, errSilent)
	defer cancel()
	way, err := tunnel.Open(opening, c.config, pod.Namespace, pod.Name, port)
	if err != nil {
		return nil, err
	}
	conn, err := way.Dial()
	if err != nil {
		return nil, errors.Join(err, way.Close())
	}
	s := pass(ctx, conn, way)
	if err := s.greet(opening, token); err != nil {
		s.close(ctx)
		return nil, err
	}
	return s, nil
}

// greet shows the token, and looks at what answers.
func (s *session) greet(ctx context.Context, token string) error {
	if err := s.send(ctx, []byte(token+"\n")); err != nil {
		return err
	}
	greeting, err := s.line(ctx)
	if err == nil && string(greeting) != agent.Greeting {
		return errOtherAgent
	}
	return err
}

// pass makes a session of a connection, which ends the way to the pod with it.
func pass(ctx context.Context, conn net.Conn, way io.Closer) *session {
	outRead, outWrite := io.Pipe()
	s := newSession(conn, outRead)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	go func() {
		defer close(s.ended)
		defer stop()
		_, s.err = io.Copy(outWrite, conn)
		_ = outWrite.Close()
		_ = way.Close()
	}()
	return s
}

// Rights to come to the agents.
const (
	execRight    = "pods/exec"
	forwardRight = "pods/portforward"
)

// refuses says whether the API server does not let this user come to the pods by this
// way. Not every refusal to change the protocol is decoded by the client: some are text.
func refuses(err error, resource string) bool {
	return lacks(err, "create", resource, "") != "" || strings.Contains(err.Error(), fmt.Sprintf("cannot create resource %q", resource))
}
