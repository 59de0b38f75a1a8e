// Package preflight runs `coder-ha postgres` as a whole process and reads its
// report, for the tests against real servers.
package preflight

import (
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// BinaryEnv names the program to test instead of the one that `make build` left.
const BinaryEnv = "CODER_HA_BIN"

// Binary is the program to test.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv(BinaryEnv); path != "" {
		require.FileExists(t, path)
		return path
	}
	path, err := checkout.Plugin()
	require.NoError(t, err)
	return path
}

// Output is what the tests read of a report.
type Output struct {
	Verdict string `json:"verdict"`
	Checks  []struct {
		ID         string `json:"id"`
		Status     string `json:"status"`
		SkipReason string `json:"skipReason"`
		Note       string `json:"note"`
		Findings   []struct {
			Severity string `json:"severity"`
			Message  string `json:"message"`
			Observed string `json:"observed"`
			Remedy   string `json:"remedy"`
		} `json:"findings"`
	} `json:"checks"`
	Postgres struct {
		Reachable     bool   `json:"reachable"`
		ServerVersion string `json:"serverVersion"`
		Latency       struct {
			Median float64 `json:"median"`
		} `json:"latencyMs"`
		Facts []struct {
			FailedStep string `json:"failedStep"`
			Steps      []struct {
				Step   string `json:"step"`
				Status string `json:"status"`
			} `json:"steps"`
			Addresses []struct {
				Address string `json:"address"`
				Error   string `json:"error"`
			} `json:"addresses"`
			TLS *struct {
				Verified bool      `json:"verified"`
				NotAfter time.Time `json:"notAfter"`
			} `json:"tls"`
			Proxy struct {
				Present bool   `json:"present"`
				Name    string `json:"name"`
			} `json:"proxy"`
			Gaps []struct {
				Question string `json:"question"`
				Message  string `json:"message"`
			} `json:"gaps"`
			RoundTrips [2]int        `json:"roundTrips"`
			Elapsed    time.Duration `json:"elapsedNs"`
		} `json:"facts"`
	} `json:"postgres"`
}

// Outcome is one run of the program.
type Outcome struct {
	command.Result
	Output
}

// Patience ends a program that hangs.
const Patience = 30 * time.Second

// Patient are flags that keep a machine which does other work from being taken
// for a slow line to the database.
var Patient = []string{"--postgres-latency-warning=1m", "--postgres-latency-error=2m"}

// Ask runs the command for a URL in the environment, and looks for its password
// in everything that the program says, in both formats.
func Ask(t testing.TB, rawURL string, args ...string) Outcome {
	t.Helper()
	return AskAsShipped(t, rawURL, append(slices.Clone(Patient), args...)...)
}

// AskAsShipped is Ask with the thresholds of the latency as users have them.
func AskAsShipped(t testing.TB, rawURL string, args ...string) Outcome {
	t.Helper()
	env := command.Environment(t.TempDir(), "CODER_PG_CONNECTION_URL="+rawURL)
	return Run(t, env, rawURL, append([]string{"postgres", "-o", "json"}, args...)...)
}

// Run runs the program, looks for the URL's password in what it says, and reads
// its report where it is JSON.
func Run(t testing.TB, env []string, rawURL string, args ...string) Outcome {
	t.Helper()
	result, err := command.Command{Path: Binary(t), Args: args, Env: env}.Run(t.Context())
	require.NoError(t, err)
	Hidden(t, rawURL, result.Stdout+result.Stderr)
	out := Outcome{Result: result}
	if strings.HasPrefix(result.Stdout, "{") {
		require.NoError(t, json.Unmarshal([]byte(result.Stdout), &out.Output))
	}
	return out
}

// Hidden says that no part of the URL's password is in a text, neither as it is
// nor percent-encoded.
func Hidden(t testing.TB, rawURL, text string) {
	t.Helper()
	password := passwordOf(rawURL)
	if password == "" {
		return
	}
	for _, form := range []string{password, password[:len(password)/2], password[len(password)/2:], url.QueryEscape(password), url.PathEscape(password)} {
		assert.NotContains(t, text, form)
	}
}

// passwordOf is the password of a URL, also of one that does not parse.
func passwordOf(rawURL string) string {
	if u, err := url.Parse(rawURL); err == nil {
		password, _ := u.User.Password()
		return password
	}
	_, rest, _ := strings.Cut(rawURL, "://")
	_, rest, _ = strings.Cut(rest, ":")
	return rest[:max(strings.LastIndex(rest, "@"), 0)]
}

// Failed are the ids of the checks with findings of a severity.
func (o Outcome) Failed(severity string) []string {
	ids := []string{}
	for _, c := range o.Checks {
		for _, f := range c.Findings {
			if f.Severity == severity {
				ids = append(ids, c.ID)
				break
			}
		}
	}
	return ids
}

// Message is the first finding of a check.
func (o Outcome) Message(t testing.TB, id string) string {
	t.Helper()
	for _, c := range o.Checks {
		if c.ID == id && len(c.Findings) > 0 {
			return c.Findings[0].Message
		}
	}
	require.Fail(t, "no finding of "+id, o.Stdout)
	return ""
}

// Note is what a check that passed shows.
func (o Outcome) Note(t testing.TB, id string) string {
	t.Helper()
	for _, c := range o.Checks {
		if c.ID == id {
			require.Equal(t, "passed", c.Status, "%+v", c)
			return c.Note
		}
	}
	require.Fail(t, "no check "+id)
	return ""
}

// Skipped is why a check was not made.
func (o Outcome) Skipped(t testing.TB, id string) string {
	t.Helper()
	for _, c := range o.Checks {
		if c.ID == id {
			require.Equal(t, "skipped", c.Status, "%+v", c)
			return c.SkipReason
		}
	}
	require.Fail(t, "no check "+id)
	return ""
}

// Step is the phase that failed.
func (o Outcome) Step(t testing.TB) string {
	t.Helper()
	require.NotEmpty(t, o.Postgres.Facts, o.Stdout+o.Stderr)
	return o.Postgres.Facts[0].FailedStep
}

// Expect says which checks fail, and that the exit code agrees.
func (o Outcome) Expect(t testing.TB, errors, warnings []string) {
	t.Helper()
	assert.ElementsMatch(t, errors, o.Failed("error"), "errors: %+v", o.Checks)
	assert.ElementsMatch(t, warnings, o.Failed("warning"), "warnings: %+v", o.Checks)
	code := 0
	if len(errors) > 0 {
		code = 1
	}
	assert.Equal(t, code, o.Code, o.Stderr)
}
