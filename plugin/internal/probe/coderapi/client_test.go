package coderapi

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// asked is what a client makes of the answers of coderd, by path. What it asked with
// the token is in order.
func asked(t *testing.T, answers map[string]string) (out facts.CoderAPI, withToken []string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(sessionHeader) != "" {
			withToken = append(withToken, r.URL.Path)
		}
		assert.Equal(t, "coder.example.com", r.Host)
		answer, ok := answers[r.URL.RequestURI()]
		if !ok {
			http.Redirect(w, r, "/login", http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	dial := func() (net.Conn, error) {
		return (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	}
	newClient(dial, Pod{Name: "coder-0", Port: 8080, Host: "coder.example.com"}, "the-token").answers(t.Context(), &out)
	return out, withToken
}

func TestTheTokenFollowsNoRedirectOfCoderd(t *testing.T) {
	t.Parallel()
	out, withToken := asked(t, nil)
	assert.NotContains(t, withToken, "/login")
	require.Len(t, out.Unanswered, len(withToken))
	for _, u := range out.Unanswered {
		assert.Equal(t, http.StatusTemporaryRedirect, u.Status)
		assert.Contains(t, u.Message, "a redirect to /login, which is not followed")
	}
}

// TestAnOldReportOfHealthIsMadeAnew has a coderd that keeps one.
func TestAnOldReportOfHealthIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age  time.Duration
		want string
	}{"an old one": {5 * time.Minute, "ok"}, "a new one": {time.Second, "error"}} {
		answers := map[string]string{
			facts.PathHealth: fmt.Sprintf(`{"severity":"error","time":%q}`, time.Now().Add(-c.age).Format(time.RFC3339)),
			forced:           fmt.Sprintf(`{"severity":"ok","time":%q}`, time.Now().Format(time.RFC3339)),
		}
		out, _ := asked(t, answers)
		require.NotNil(t, out.Health, name)
		assert.Equal(t, c.want, out.Health.Severity, name)
		delete(answers, forced)
		out, _ = asked(t, answers)
		assert.Equal(t, "error", out.Health.Severity, "where it makes none, the old one counts")
	}
}

func TestTheWordsOfARelayAreRead(t *testing.T) {
	t.Parallel()
	for nodes, want := range map[string][]facts.HealthMessage{
		`{"severity":"error","client_errs":[[],["connect to derp: refused"]]}`:                   {{Message: "region 999: two clients of the relay did not get each other's messages: connect to derp: refused"}},
		`{"severity":"error","client_errs":[["recv derp message: derphttp.Client closed"],[]]}`:  {{Message: "region 999: two clients of the relay did not get each other's messages"}},
		`{"severity":"error","client_errs":[[],[]]}`:                                             {{Message: "region 999: two clients of the relay did not get each other's messages"}},
		`{"severity":"warning","can_exchange_messages":true}`:                                    {{Message: "region 999: severity warning"}},
		`{"severity":"error","error":"get node info"}`:                                           {{Message: "region 999: get node info"}},
		`{"severity":"warning","warnings":[{"code":"EDERP01","message":"it uses a websocket"}]}`: {{Code: "EDERP01", Message: "region 999: it uses a websocket"}},
		`{"severity":"ok","client_errs":[["context canceled"]]}`:                                 nil,
	} {
		out, _ := asked(t, map[string]string{facts.PathHealth: `{"severity":"error","derp":{"severity":"error","regions":{"999":{"severity":"error","node_reports":[` + nodes + `]}}}}`})
		assert.Equal(t, want, out.Health.Sections[2].Messages, nodes)
	}
}

func TestWhatCoderdSaysIsRead(t *testing.T) {
	t.Parallel()
	out, _ := asked(t, map[string]string{
		facts.PathBuildInfo:    `{"version":"v2.36.1+abc","deployment_id":"d"}`,
		facts.PathEntitlements: `{"has_license":true,"features":{"high_availability":{"entitlement":"grace_period","enabled":true}}}`,
		facts.PathReplicas:     `[{"hostname":"coder-1","region_id":999,"error":"no way","database_latency":1500}]`,
		facts.PathLicenses:     `[{"id":3,"claims":{"license_expires":1767225600}}]`,
		facts.PathHealth:       `{"severity":"warning","database":{"severity":"warning","warnings":[{"code":"EDB02","message":"slow"}]},"derp":{"severity":"ok","error":"x"}}`,
	})
	assert.Empty(t, out.Unanswered)
	assert.Equal(t, "v2.36.1+abc", out.Version)
	assert.Equal(t, "grace_period", out.Entitlements.HighAvailability)
	assert.Equal(t, "1.5ms", out.Replicas[0].DatabaseLatency.String())
	assert.Equal(t, 2026, out.Licenses[0].Expires.Year())
	assert.Equal(t, "warning", out.Health.Severity)
	assert.Equal(t, "EDB02", out.Health.Sections[1].Messages[0].Code)
}
