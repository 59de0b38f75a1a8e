//go:build systemd && linux

package systemd

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	during = flag.Duration("for", 20*time.Second, "how long to compare with systemd")
	seed   = flag.Uint64("seed", 1, "what the cases are made from")
)

// perStart is how many services one systemd runs.
const perStart = 400

// TestWeReadWhatSystemdHandsOver starts a real systemd as the first process of
// namespaces of its own, which runs a service for each case, and compares the
// environment that the service got with what this package reads.
func TestWeReadWhatSystemdHandsOver(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 0))
	deadline := time.Now().Add(*during)
	tried := 0
	for batch := written(); ; batch = nil {
		for len(batch) < perStart {
			batch = append(batch, generated(random))
		}
		got := started(t, batch)
		for i, c := range batch {
			want, err := c.read(unitName(i))
			if err != nil && got[i].env == nil {
				continue
			}
			require.NoError(t, err, "systemd starts it\n%s", c)
			require.NotNil(t, got[i].env, "systemd does not start it\n%s", c)
			require.Equal(t, want, got[i].env, "%s", c)
		}
		tried += len(batch)
		if time.Now().After(deadline) {
			break
		}
	}
	t.Logf("%d cases, seed %d", tried, *seed)
}

// oracleCase is an environment file, and a setting of a unit.
type oracleCase struct{ file, environment string }

func (c oracleCase) String() string {
	return fmt.Sprintf("environment file %q\nEnvironment=%q", c.file, c.environment)
}

func unitName(i int) string { return fmt.Sprintf("case-%d.service", i) }

// read is what this package makes of the case in the unit.
func (c oracleCase) read(unit string) (map[string]string, error) {
	env := map[string]string{}
	directives, err := ParseUnit([]byte("[Service]\nEnvironment=" + c.environment + "\n"))
	if err != nil {
		return nil, err
	}
	for _, d := range directives {
		if d.Name != "Environment" {
			continue
		}
		for _, a := range Environment(d, SpecifiersOf(unit, "")) {
			env[a.Name] = a.Text
		}
	}
	file, err := ParseEnvFile([]byte(c.file))
	for _, a := range file.Assignments {
		env[a.Name] = a.Text
	}
	return env, err
}

// written are cases of which each shows a rule.
func written() []oracleCase {
	var cases []oracleCase
	for _, file := range []string{
		"A=b", "A=b\n", "A = b \n", " A=b c  \n", "A=\n", "A=\"\"\n", "=b\n", "A\n", "export A=b\n", "\tA=b\r\nB=c\r\n",
		"#A=b\nB=c\n", ";A=b\nB=c\n", " # A=b\nB=c\n", "A=b # c\n", "A=b;c\n", "A=#b\n",
		"A='b c'\n", "A=\"b c\"\n", "A='b'\\''c'\n", "A=\"b\"c\n", "A=b\"c\"\n", "A='b' 'c'\n", "A=\"b\" # c\n", "A='b\nc'\n", "A=\"b\nc\"\n",
		"A=\"b\n", "A='b\nB=c\n", "A=b\\\nc\n", "A=b \\\n  c\n", "A=\"b\\\nc\"\n", "A='b\\\nc'\n", "A=b\\c\n", "A=b\\\\c\n", "A=\"b\\c\"\n", "A=\"b\\\\c\"\n", "A='b\\\\c'\n",
		"A=\"\\$B \\` \\\" \\n\"\n", "A=$B\n", "A=${B}\n", "A=\"$B\"\n", "A=$(b)\n", "A=%n\n", "A=b\nA=c\n", "A=b\nA=\n", "a=b\nA=c\n", "1A=b\n", "A-B=c\n", "A.B=c\n", "A B=c\n",
		"# b \\\nA=c\nB=d\n", "# b \\\\\nA=c\n", "\xef\xbb\xbfA=b\nB=c\n", "A=\xff\n", "A=b\x00c\n", "A=b\x01c\nB=d\n", "A=\"b\rc\"\n", "A=b\tc\n", "A=\"b\tc\"\n", "A=\x7f\n", "A=\u00e9\n", "A=\ufdd0\n", "A=\ufffe\n", "A=\U0010ffff\n", "\u00e9=b\n",
		"A=b\\", "A=\"b\\", "A='b", "A", "# b", "# b \\", "A=b   ", "A= \\ b\n", "A=\\ \n", "A=b \\ \n",
		"CODER_PG_CONNECTION_URL=postgres://coder:p%40ss@db:5432/coder?sslmode=disable\n",
	} {
		cases = append(cases, oracleCase{file: file})
	}
	for _, environment := range []string{
		"A=b", "A=b B=c", "\"A=b c\" B=d", "A=\"b c\"", "'A=b' C=d", "A=b\\x20c", "A=b\\sc", "A=\\101", "A=\\q", "A='b", "A=b%%c", "A=%", "A=% b", "A=%e", "A=%%n", "A=%p%j", "A=", "A", "=b", "1=b", "\"A=b\"c", "A=b B=\"c", "A=\\u00e9", "A=$B", "\"A=b\\nc\"", "A=b;c", "A=\\x00",
	} {
		cases = append(cases, oracleCase{environment: environment})
	}
	return cases
}

// pieces are what generated cases are made of.
var pieces = []string{
	"A", "B", "C", "=", "=", "=", "\n", "\n", "\n", "A=b\n", "\\", "\\\n", "\"", "\"", "'", "'", " ", "  ", "\t", "\r", "#", ";", "$", "$A", "${B}", "`", "export ", "x", "yz", "1", "_", "-", "\u00e9", "\x01", "\x7f", "# c\n", "\\n", "\\\\", "\\\"", "\\$", "%", "/", ":",
}

func generated(random *rand.Rand) oracleCase {
	var file, environment strings.Builder
	for range random.IntN(24) {
		file.WriteString(pieces[random.IntN(len(pieces))])
	}
	for range random.IntN(8) {
		piece := pieces[random.IntN(len(pieces))]
		// A newline would end the setting.
		if !strings.Contains(piece, "\n") {
			environment.WriteString(piece)
		}
	}
	return oracleCase{file: file.String(), environment: strings.TrimRight(environment.String(), "\\") + " X=y"}
}

// result is what a service got; nil where it did not start.
type result struct{ env map[string]string }

// started runs the cases as services of one systemd.
func started(t *testing.T, cases []oracleCase) []result {
	t.Helper()
	require.Zero(t, os.Getuid(), "a systemd of one's own needs root")
	dir := t.TempDir()
	units := filepath.Join(dir, "units")
	require.NoError(t, os.Mkdir(units, 0o755))
	var names []string
	for i, c := range cases {
		env := filepath.Join(dir, fmt.Sprintf("%d.env", i))
		require.NoError(t, os.WriteFile(env, []byte(c.file), 0o600))
		name := unitName(i)
		names = append(names, name)
		unit := fmt.Sprintf("[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nEnvironment=%s\nEnvironmentFile=%s\nExecStart=/usr/bin/env -0\nStandardOutput=file:%s\n", c.environment, env, filepath.Join(dir, fmt.Sprintf("%d.out", i)))
		require.NoError(t, os.WriteFile(filepath.Join(units, name), []byte(unit), 0o600))
	}
	end := fmt.Sprintf("[Unit]\nDefaultDependencies=no\nWants=%[1]s\nAfter=%[1]s\nSuccessAction=exit-force\n[Service]\nType=oneshot\nExecStart=/bin/true\n", strings.Join(names, " "))
	require.NoError(t, os.WriteFile(filepath.Join(units, "end.service"), []byte(end), 0o600))
	runSystemd(t, units)
	out := make([]result, len(cases))
	for i := range cases {
		text, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.out", i)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		out[i].env = environ(text)
	}
	return out
}

// ownVariables are those that systemd gives each service.
var ownVariables = []string{"LANG", "PATH", "INVOCATION_ID", "SYSTEMD_EXEC_PID", "JOURNAL_STREAM"}

func environ(text []byte) map[string]string {
	env := map[string]string{}
	for entry := range bytes.SplitSeq(bytes.TrimSuffix(text, []byte{0}), []byte{0}) {
		name, value, _ := strings.Cut(string(entry), "=")
		env[name] = value
	}
	maps.DeleteFunc(env, func(name, _ string) bool { return slices.Contains(ownVariables, name) })
	return env
}

// script makes a systemd the first process of its namespaces. Its control group is
// its own as well.
const script = `set -eu
root=/sys/fs/cgroup/systemd
[ -d "$root" ] || root=/sys/fs/cgroup
mkdir "$root/$2"
trap 'find "$root/$2" -depth -type d -exec rmdir {} +' EXIT
(
	sh -c 'echo $PPID' >"$root/$2/cgroup.procs"
	exec unshare --pid --fork --kill-child --mount --cgroup --ipc --uts --net sh -c '
		mount --make-rprivate /
		mount -t proc proc /proc
		mount -t tmpfs tmpfs /run
		mkdir -p /run/systemd/system
		cp "$1"/* /run/systemd/system/
		exec env -i PATH="$PATH" container=coder-ha-tests /usr/lib/systemd/systemd --system --unit=end.service --log-level=warning --log-target=console --show-status=no
	' sh "$1"
)
`

func runSystemd(t *testing.T, units string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	group := fmt.Sprintf("coder-ha-systemd-%d", os.Getpid())
	said, err := exec.CommandContext(ctx, "sh", "-c", script, "sh", units, group).CombinedOutput()
	require.NoError(t, err, "%s", said)
}
