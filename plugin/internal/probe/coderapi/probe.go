// Package coderapi asks coderd of each pod for what it knows of itself: not the one
// that a load balancer chooses, but all of them. It only reads.
package coderapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/tunnel"
)

// Options say whom to ask.
type Options struct {
	Config    *rest.Config
	Namespace string
	Pods      []Pod
	// Token is a session token of an owner; empty without one.
	Token string
}

// Pod is where coderd of a pod listens.
type Pod struct {
	Name string
	Port int
	// Host is that of the access URL, which coderd answers without a redirect and has
	// its certificate for; empty where it is not known.
	Host string
	TLS  bool
}

// Times of one pod. coderd's own health checks take up to half a minute.
const (
	answerTimeout = 5 * time.Second
	healthTimeout = 30 * time.Second
)

// atOnce is how many pods are asked side by side.
const atOnce = 10

// Probe asks the pods. What the user may not do is a gap.
func Probe(ctx context.Context, opts Options) (all []facts.CoderAPI, gap *facts.Gap) {
	all = make([]facts.CoderAPI, len(opts.Pods))
	failures := make([]error, len(opts.Pods))
	turns := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, pod := range opts.Pods {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			all[i], failures[i] = opts.ask(ctx, pod)
		})
	}
	wg.Wait()
	if slices.ContainsFunc(failures, forbidden) {
		right := deployment.Lookup{Verb: "create", Resource: "pods/portforward", Namespace: opts.Namespace}.Right()
		return nil, &facts.Gap{Reason: "this user lacks " + right, Proof: "grant this user " + right}
	}
	return all, nil
}

// ask asks one pod. The error is why there is no way to it.
func (o Options) ask(ctx context.Context, pod Pod) (facts.CoderAPI, error) {
	out := facts.CoderAPI{Pod: pod.Name}
	out.Healthz.Target = fmt.Sprintf("%s:%d/healthz", pod.Name, pod.Port)
	opening, cancel := context.WithTimeout(ctx, answerTimeout)
	way, err := tunnel.Open(opening, o.Config, o.Namespace, pod.Name, pod.Port)
	cancel()
	if err != nil {
		// It is the way that fails, and not coderd.
		out.Healthz.Failure = failure(err)
		if out.Healthz.Failure.Cause.Answers() {
			out.Healthz.Failure.Cause = facts.Unreachable
		}
		return out, err
	}
	defer way.Close()
	c := newClient(way.Dial, pod, o.Token)
	if err := c.get(ctx, "/healthz", answerTimeout, nil); err != nil {
		out.Healthz.Failure = failure(err)
		return out, nil
	}
	c.answers(ctx, &out)
	return out, nil
}

// forbidden says whether the API server does not let this user through. Not every
// refusal to change the protocol is decoded by the client: some are text.
func forbidden(err error) bool {
	return err != nil && (apierrors.IsForbidden(err) || strings.Contains(strings.ToLower(err.Error()), "forbidden"))
}

// failure sorts the error of a request.
func failure(err error) *facts.Failure {
	out := &facts.Failure{Cause: facts.Protocol, Message: err.Error()}
	status, isStatus := errors.AsType[*statusError](err)
	switch {
	case isStatus:
		out.Cause, out.Status = facts.Status, status.code
	case errors.Is(err, context.DeadlineExceeded):
		out.Cause, out.Message = facts.Timeout, "no answer in time"
	case errors.Is(err, context.Canceled):
		out.Cause, out.Message = facts.Interrupted, "the run ended before it answered"
	case strings.Contains(err.Error(), "connection refused"):
		// The kubelet's words begin with an address inside of the pod.
		out.Cause, out.Message = facts.Refused, "connection refused"
	case strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "x509: "):
		out.Cause = facts.TLS
	}
	return out
}

// statusError is an answer with another status than 200.
type statusError struct {
	code    int
	message string
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("status %d (%s)", e.code, http.StatusText(e.code))
	if e.message != "" {
		text += ": " + e.message
	}
	return text
}
