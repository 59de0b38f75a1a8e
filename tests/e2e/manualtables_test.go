package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
	"github.com/coder-ha/coder-ha/tests/internal/manual"
)

// scenes say what a page takes for granted, from the block on that begins so. Pages and
// sections that are not named go on where the one before ended.
var scenes = []struct{ page, begins, state string }{
	{"README.md", "make build", bare},
	{"README.md", "helm template coder ./other-chart", prepared},
	{"README.md", "helm upgrade coder ./other-chart", upstreamRuns},
	{"docs/examples/README.md", "cp ", prepared},
	{"docs/moving.md", "helm get values", upstreamRuns},
	{"docs/moving.md", "kubectl -n coder scale", upstreamRuns},
	{"docs/moving.md", "kubectl -n coder annotate", upstreamRuns},
	{"docs/validate.md", "helm get manifest", thisChartRuns},
}

// What a namespace holds.
const (
	// bare is no namespace at all.
	bare = "nothing"
	// prepared has the Secret with the database URL.
	prepared = "the Secret"
	// thisChartRuns has three replicas by this chart.
	thisChartRuns = "this chart"
	// upstreamRuns has three replicas by Coder's own chart.
	upstreamRuns = "the upstream chart"
)

// scene is what the table has for a block, if anything.
func (r *reader) scene(p manual.Page, b manual.Block) string {
	for _, s := range scenes {
		if s.page == p.File && b.Language == "console" && strings.HasPrefix(b.Text, s.begins) {
			r.used["scene "+s.page+s.begins] = true
			return s.state
		}
	}
	return ""
}

// notHere are the commands that this test does not run: on this page, those that have
// these words, and why.
var notHere = []struct{ page, has, why string }{
	{"README.md", "make demo", "it installs what the machine lacks, and needs no cluster"},
	{"README.md", "make test", "it runs the other tests"},
	{"README.md", "--probe", "it asks hosts: tests/hosts"},
	{"README.md", "coder-ha-inject", "Helm 4, with the archive of a release: tests/plugin"},
	{"charts/coder/README.md", "coder provisioner keys", "it needs a Coder with users and a license"},
	{"docs/gitops.md", "kustomize build --enable-helm", "it pulls from a registry: tests/gitops"},
	{"docs/gitops.md", "./umbrella", "its parts come from registries: tests/gitops"},
	{"docs/positions.md", "--probe", "it asks hosts: tests/hosts"},
	{"docs/hosts.md", "--probe", "it asks hosts: tests/hosts"},
	{"docs/troubleshooting.md", "--probe", "it asks hosts: tests/hosts"},
	{"docs/in-cluster.md", "dist/oci/coder-ha-image", "it copies to a registry: tests/release"},
	{"docs/in-cluster.md", "job/coder-preflight", "the Job of other values than the page's: the tests of the pre-flight ask for its log"},
	{"docs/ci.md", "pre-commit", "it needs no cluster: tests/plugin runs it"},
	{"CONTRIBUTING.md", "", "it builds and tests this repository"},
	{"docs/contributing/writing-a-check.md", "make ", "it builds and tests this repository"},
	{"docs/contributing/releasing.md", "", "it signs and publishes: tests/release"},
}

// elsewhere says whether the table names a statement.
func (r *reader) elsewhere(p manual.Page, s manual.Statement) bool {
	for i, e := range notHere {
		if e.page == p.File && strings.Contains(s.Text, e.has) {
			r.used[fmt.Sprintf("not here %d", i)] = true
			return true
		}
	}
	return false
}

// untilInterrupted are the words of commands that go on until the reader presses
// Ctrl-C, with the exit code that they have then.
var untilInterrupted = map[string]int{"--watch": 130}

// placeholders are what readers have of their own, in commands and in files.
func (r *reader) placeholders() []string {
	return []string{
		"postgres://coder:password@postgres.example.com:5432/coder?sslmode=verify-full", r.url,
		"postgres://…", r.forwarded,
		"service/coder-db-rw 5432", "service/coder-db-rw " + r.port,
		"registry.example.com/coder-ha-image:0.1.0", images.Agent,
		"https://coder.example.com", "http://coder.coder.svc.cluster.local",
		// The nodes are small, and others use them too.
		"coder:\n  replicaCount: 3\n", "coder:\n  replicaCount: 3\n  resources: {requests: {cpu: 20m, memory: 32Mi}, limits: {cpu: \"1\", memory: 512Mi}}\n",
	}
}

// thisCluster are names of this cluster, and how the pages have them.
var thisCluster = []struct {
	here  *regexp.Regexp
	shown string
}{
	{regexp.MustCompile(`\b[a-z0-9]+-node-\d\b`), "node-1"},
}

// own puts what is here in the place of what readers have of their own.
func (r *reader) own(text string) string {
	pairs := r.placeholders()
	for i := 0; i < len(pairs); i += 2 {
		if strings.Contains(text, pairs[i]) {
			r.used["placeholder "+pairs[i]] = true
			text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
		}
	}
	return text
}

// assertUsed holds the tables to what was needed.
func (r *reader) assertUsed(t *testing.T) {
	t.Helper()
	for i, e := range notHere {
		assert.True(t, r.used[fmt.Sprintf("not here %d", i)], "no command of %s has %q any more", e.page, e.has)
	}
	pairs := r.placeholders()
	for i := 0; i < len(pairs); i += 2 {
		assert.True(t, r.used["placeholder "+pairs[i]], "no page has %q any more", pairs[i])
	}
	for _, s := range scenes {
		assert.True(t, r.used["scene "+s.page+s.begins], "no block of %s begins with %q any more", s.page, s.begins)
	}
	for word := range untilInterrupted {
		assert.True(t, r.used["interrupted "+word], "no command has %s any more", word)
	}
}
