//go:build linux

package plugin_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// greedy are templates that want more than any machine has, each in another way:
// by one allocation, by doubling, by growing, by what becomes of the text.
var greedy = map[string]string{
	"one text":              `{{ repeat 400000000 "abcdefgh" }}`,
	"more than the machine": `{{ repeat 1000000000000 "abcdefgh" }}`,
	"a text that doubles":   `{{ $s := "xxxxxxxx" }}{{ range until 40 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ $s }}`,
	"a list that doubles":   `{{ $l := list "a" }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}{{ $l }}`,
	"a range":               `{{ range until 9000000000 }}x{{ end }}`,
	"output":                `{{ range until 100000000 }}0123456789012345678901234567890123456789{{ end }}`,
	"a dictionary":          `{{ $d := dict }}{{ range untilStep 0 100000000 1 }}{{ $_ := set $d (toString .) . }}{{ end }}`,
	"a text per byte":       `{{ splitList "" (repeat 300000000 "a") }}`,
	"replacements":          `{{ $s := repeat 10000000 "a" }}{{ replace "a" $s $s }}`,
	"a value in itself":     `{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ print $d }}`,
	"its own refusal":       `{{ fail (repeat 100000000 "boo\n") }}`,
	"random letters":        `{{ randAlphaNum 4000000000 }}`,
}

// mebibyte is the unit of the ceiling.
const mebibyte = 1 << 20

func TestNoTemplateTakesMoreThanTheCeiling(t *testing.T) {
	h := newHelm(t, "")
	for name, template := range greedy {
		t.Run(name, func(t *testing.T) {
			dir := chartOf(t, template)
			code, stdout, stderr, peak := measured(t, h, "validate", dir)
			assert.Equal(t, 2, code, stderr)
			assert.Empty(t, stdout)
			assert.Equal(t, "coder-ha: stopped while rendering the chart: it needs more memory than the 512 MiB of --max-memory: "+
				"an input is too large, or made to be\n", stderr)
			assert.LessOrEqual(t, peak, int64(512*mebibyte))
		})
	}
}

func TestTheCeilingCanBeSet(t *testing.T) {
	h := newHelm(t, "")
	dir := chartOf(t, `{{ len (repeat 300000000 "a") }}`)
	code, _, stderr, peak := measured(t, h, "validate", dir, "--max-memory", "256MiB")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "it needs more memory than the 256 MiB of --max-memory")
	assert.LessOrEqual(t, peak, int64(256*mebibyte))

	_, _, stderr, _ = measured(t, h, "validate", dir, "--max-memory", "2GiB")
	assert.NotContains(t, stderr, "memory")
	for _, wrong := range []string{"1MiB", "0", "-1GiB", "lots", "512", "9999999999999GiB", "MiB"} {
		_, _, stderr, _ = measured(t, h, "validate", dir, "--max-memory="+wrong)
		assert.Contains(t, stderr, "--max-memory", wrong)
		assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
}

func TestTemplatesThatCallThemselvesEndWithOneLine(t *testing.T) {
	h := newHelm(t, "")
	for name, template := range map[string]string{
		"include":  `{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`,
		"template": `{{ define "b" }}{{ template "b" . }}{{ end }}{{ template "b" . }}`,
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr, peak := measured(t, h, "validate", chartOf(t, template))
			assert.Equal(t, 2, code)
			assert.Empty(t, stdout)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
			assert.Less(t, len(stderr), 5000)
			assert.LessOrEqual(t, peak, int64(512*mebibyte))
		})
	}
}

// chartOf writes a chart with one template.
func chartOf(t *testing.T, template string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "templates"), 0o700))
	require.NoError(t, writeFile(filepath.Join(dir, "Chart.yaml"), "apiVersion: v2\nname: greedy\nversion: 0.1.0\n"))
	require.NoError(t, writeFile(filepath.Join(dir, "templates", "all.yaml"), template+"\n"))
	return dir
}

// measured runs the plugin, and also says how much memory it had at most.
func measured(t *testing.T, h helm, args ...string) (code int, stdout, stderr string, peak int64) {
	t.Helper()
	path, err := checkout.Plugin()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	var out, talk bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = command.Environment(h.home), &out, &talk
	if err := cmd.Run(); err != nil {
		_, ended := errors.AsType[*exec.ExitError](err)
		require.True(t, ended, err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	require.True(t, ok)
	return cmd.ProcessState.ExitCode(), out.String(), talk.String(), usage.Maxrss * 1024
}

// TestTheGuardNeedsFewPackages holds what makes the second process cheap: Go
// initializes the packages of the guard before those of the libraries.
func TestTheGuardNeedsFewPackages(t *testing.T) {
	plugin, err := checkout.Plugin()
	require.NoError(t, err)
	result, err := command.Command{
		Path: plugin, Args: []string{"version"}, Env: append(os.Environ(), "GODEBUG=inittrace=1"),
	}.Run(t.Context())
	require.NoError(t, err)
	// The worker writes its own to the guard.
	initialized := strings.Count(result.Stderr, "init ")
	assert.Positive(t, initialized)
	assert.Less(t, initialized, 50, result.Stderr)
}

// What the libraries do before main is most of a short run, and most of its memory.
// Each number is a little above what is so today: a new library shows here.
const (
	mostInitialized = 410
	mostAtStart     = 6100 << 10
)

// initialization is what the Go runtime writes of each package that it initializes.
var initialization = regexp.MustCompile(`(?m)^init (\S+) @.* (\d+) bytes, \d+ allocs$`)

// TestTheProgramStartsWithFewPackages holds how many packages the worker initializes,
// and how many bytes they allocate for that.
func TestTheProgramStartsWithFewPackages(t *testing.T) {
	plugin, err := checkout.Plugin()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var trace bytes.Buffer
	// To this program it looks as if the test were its guard.
	cmd := exec.CommandContext(ctx, plugin, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1", fmt.Sprintf("CODER_HA_GUARD=%d", os.Getpid()))
	cmd.Stderr, cmd.ExtraFiles = &trace, []*os.File{os.Stderr}
	require.NoError(t, cmd.Run())

	var packages []string
	sizes, total := map[string]int{}, 0
	for _, match := range initialization.FindAllStringSubmatch(trace.String(), -1) {
		size, err := strconv.Atoi(match[2])
		require.NoError(t, err)
		packages, total = append(packages, match[1]), total+size
		sizes[match[1]] = size
	}
	slices.SortFunc(packages, func(a, b string) int { return cmp.Or(sizes[b]-sizes[a], strings.Compare(a, b)) })
	require.NotEmpty(t, packages)
	t.Logf("%d packages allocate %d KiB, most of all %s", len(packages), total>>10, strings.Join(packages[:min(len(packages), 10)], ", "))
	assert.LessOrEqual(t, len(packages), mostInitialized, "the heaviest are %v", packages)
	assert.LessOrEqual(t, total, mostAtStart, "the heaviest are %v", packages)
}
