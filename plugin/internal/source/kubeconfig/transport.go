package kubeconfig

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// guard lets a client talk to its cluster only, and makes its credentials known,
// so that no answer shows them. Those of a credential plugin are known only when a
// request carries them.
func guard(config *rest.Config, known *secrets.Known) {
	known.Add(config.BearerToken, config.Password, string(config.KeyData))
	if text, err := os.ReadFile(config.BearerTokenFile); err == nil {
		known.Add(string(text))
	}
	known.AddURL(config.Host)
	config.Wrap(func(base http.RoundTripper) http.RoundTripper { return &guarded{base, known} })
}

type guarded struct {
	base  http.RoundTripper
	known *secrets.Known
}

// RoundTrip sends the request. An answer that leads elsewhere is an error: the
// client would go there with the credentials.
func (g *guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, credentials, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		g.known.Add(credentials)
	}
	if _, password, ok := req.BasicAuth(); ok {
		g.known.Add(password)
	}
	res, err := g.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 && res.Header.Get("Location") != "" {
		_ = res.Body.Close()
		return nil, fmt.Errorf("it answers with a redirect to %q, which is not followed: the credentials are for this address only", res.Header.Get("Location"))
	}
	return res, nil
}
