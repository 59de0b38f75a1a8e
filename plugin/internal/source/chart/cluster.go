package chart

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kubeconfig"
)

// answerTimeout bounds each request to the cluster: a kubeconfig may name one
// that is gone.
const answerTimeout = 10 * time.Second

// live is the cluster as one run sees it.
type live struct {
	config       *rest.Config
	lookups      *lookups
	capabilities *chartutil.Capabilities
}

// connect reaches the cluster and asks for its version and APIs. What it may
// not ask for stays as it is without a cluster.
func connect(ctx context.Context, opts Options) (*live, error) {
	config, err := kubeconfig.Config(opts.Settings.Cluster(), opts.Secrets)
	if err != nil {
		return nil, fmt.Errorf("--dry-run=server: %w: %s", err, reachIt)
	}
	l := &live{config: config, lookups: newLookups(ctx)}
	config.Timeout = answerTimeout
	config.Wrap(func(base http.RoundTripper) http.RoundTripper {
		l.lookups.base = base
		return l.lookups
	})
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("--dry-run=server: the kubeconfig cannot be used: %w: %s", err, reachIt)
	}
	caps, err := defaultCapabilities(opts)
	if err != nil {
		return nil, err
	}
	// A credential plugin takes no notice of a context.
	silent := noAnswer(config.Host, fmt.Errorf("no answer within %s", limits.Login))
	waiting, cancel := context.WithTimeoutCause(ctx, time.Duration(limits.Login.Most), silent)
	defer cancel()
	_, err = limits.Await(waiting, config.Host, func() (struct{}, error) { return struct{}{}, l.discover(client, caps) })
	if err != nil {
		if errors.Is(err, silent) {
			return nil, silent
		}
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		if apierrors.IsUnauthorized(err) {
			return nil, fmt.Errorf("--dry-run=server: the cluster at %s does not accept the credentials of the kubeconfig: %s", config.Host, reachIt)
		}
		return nil, noAnswer(config.Host, err)
	}
	l.capabilities = caps
	return l, nil
}

const reachIt = "check --kubeconfig and --kube-context, or leave --dry-run=server out to render without the cluster"

func noAnswer(host string, err error) error {
	return fmt.Errorf("--dry-run=server: the cluster at %s does not answer: %w: %s", host, plain(err), reachIt)
}

// plain is the error of a request without the address, which is said before it.
func plain(err error) error {
	var request interface {
		error
		Unwrap() error
		Timeout() bool
	}
	if errors.As(err, &request) && request.Unwrap() != nil {
		if request.Timeout() {
			return fmt.Errorf("no answer within %s", answerTimeout)
		}
		return request.Unwrap()
	}
	return err
}

// discover replaces the capabilities by those of the cluster, as Helm's install
// reads them.
func (l *live) discover(client discovery.DiscoveryInterface, caps *chartutil.Capabilities) error {
	version, err := client.ServerVersion()
	switch {
	case apierrors.IsForbidden(err):
		l.lookups.leaveOpen(deployment.Lookup{Verb: "get", Resource: "/version"})
	case err != nil:
		return err
	default:
		caps.KubeVersion = chartutil.KubeVersion{Version: version.GitVersion, Major: version.Major, Minor: version.Minor}
	}
	groups, resources, err := client.ServerGroupsAndResources()
	switch {
	case apierrors.IsForbidden(err):
		l.lookups.leaveOpen(deployment.Lookup{Verb: "get", Resource: "/apis"})
	case err != nil && !discovery.IsGroupDiscoveryFailedError(err):
		return err
	default:
		caps.APIVersions = versionSet(groups, resources)
	}
	return nil
}
