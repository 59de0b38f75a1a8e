// Package kubeconfig finds the Kubernetes cluster that the user's flags,
// environment and kubeconfig name, as Helm finds it.
package kubeconfig

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// ErrNone says that nothing names a cluster.
var ErrNone = errors.New("no kubeconfig names a cluster")

// Config says how to reach the cluster. Without one the error is ErrNone; any
// other error says what is wrong with the kubeconfig. Its credentials are made
// known.
func Config(getter genericclioptions.RESTClientGetter, known *secrets.Known) (*rest.Config, error) {
	raw, rawErr := getter.ToRawKubeConfigLoader().RawConfig()
	config, err := getter.ToRESTConfig()
	none := rawErr == nil && len(raw.Clusters) == 0 && os.Getenv("KUBERNETES_SERVICE_HOST") == ""
	switch {
	case none && (err != nil || unnamed[config.Host]):
		return nil, ErrNone
	case err != nil:
		return nil, fmt.Errorf("the kubeconfig cannot be used: %w", err)
	}
	for _, path := range []string{config.CAFile, config.CertFile, config.KeyFile, config.BearerTokenFile} {
		if err := limits.Plain(path, limits.PEM); err != nil {
			return nil, fmt.Errorf("the kubeconfig cannot be used: %w", err)
		}
	}
	config.WarningHandler = rest.NoWarnings{}
	config.Wrap(func(base http.RoundTripper) http.RoundTripper {
		return limits.Answers(base, config.Host, limits.APIAnswer)
	})
	guard(config, known)
	return config, nil
}

// Check looks at the files of the kubeconfig before the client reads them, which
// it does without a limit.
func Check(getter genericclioptions.RESTClientGetter) error {
	access := getter.ToRawKubeConfigLoader().ConfigAccess()
	paths := access.GetLoadingPrecedence()
	if access.IsExplicitFile() {
		paths = []string{access.GetExplicitFile()}
	}
	for _, path := range paths {
		if err := limits.Plain(path, limits.Kubeconfig); err != nil {
			return fmt.Errorf("the kubeconfig cannot be used: %w", err)
		}
	}
	return nil
}

// unnamed are the hosts that the client tries where nothing names one.
var unnamed = map[string]bool{"": true, "localhost:8080": true, "http://localhost:8080": true}
