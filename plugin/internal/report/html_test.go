package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// measured is a report on so many replicas that were asked from so many positions,
// with the latency of a database.
func measured(replicas, positions int) Report {
	r := sample()
	r.Deployment.Refusal = "the chart refuses"
	for len(r.Deployment.Replicas) < replicas {
		name := fmt.Sprintf("coder-%d", len(r.Deployment.Replicas))
		r.Deployment.Replicas = append(r.Deployment.Replicas, Replica{Name: name, RelayURL: "http://" + name, AccessURL: "https://coder.example.com", ClusterHost: name})
	}
	for i := range positions {
		from := fmt.Sprintf("coder-%d", i)
		r.Positions = append(r.Positions, Position{Name: from, AccessURL: &Answer{OK: i > 0, Error: "no route"}})
		for to := range replicas {
			l := Link{From: from, To: fmt.Sprintf("coder-%d", to), Cluster: &Answer{OK: true}}
			l.Relay = &Answer{OK: true, Latency: &Latency{Median: float64(1 + (i+to)%9)}}
			if to == 1 {
				l.Relay = &Answer{Error: "connection refused"}
			}
			r.Mesh = append(r.Mesh, l)
		}
	}
	r.Running = &Running{
		Release: Release{Name: "coder", Namespace: "coder", Chart: "coder-0.1.0", Revision: 3, Status: "deployed"}, Desired: 2, Ready: 1,
		Pods:    []RunPod{{Name: "coder-0", State: "ready", Age: 90, Node: "a"}, {Name: "coder-1", State: "in trouble", Reason: "CrashLoopBackOff", Row: &Row{State: "live", Error: "no peer"}}},
		License: &License{HighAvailability: "not_entitled", HasLicense: true},
	}
	ms := time.Millisecond
	r.Postgres.Facts = []*pgfacts.Facts{{
		Target:  pgfacts.Target{URL: "postgres://coder@db.example.com/coder", Origin: "the environment"},
		Server:  &pgfacts.Server{VersionNum: 170010, Version: "17.10", Flavor: pgfacts.RDS},
		Latency: &pgfacts.Latency{Min: 11 * ms, Median: 12 * ms, P95: 14 * ms, Samples: []time.Duration{11 * ms, 12 * ms, 12 * ms, 14 * ms}},
	}}
	return r
}

// parsed is the page as a browser reads it.
func parsed(t *testing.T, r Report) (page []byte, elements []*html.Node, text string) {
	t.Helper()
	page = write(t, Output{Format: "html"}, r)
	root, err := html.Parse(bytes.NewReader(page))
	require.NoError(t, err)
	var texts strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			elements = append(elements, n)
		case html.TextNode:
			if n.Parent.Data != "style" {
				texts.WriteString(n.Data)
			}
		default:
		}
	}
	return page, elements, texts.String()
}

// TestNoTextBecomesMarkup reads the page as a browser does: whatever others say, it
// has the elements and attributes of our templates and no other.
func TestNoTextBecomesMarkup(t *testing.T) {
	t.Parallel()
	for _, positions := range []int{2, 6} {
		var ours []string
		for i, text := range append([]string{"plain"}, append(hostile, `" onload="x`, "' style='x", "</svg></title></pre><script>x</script>", "javascript:x", "]]><!--", "&lt;b&gt;&quot;")...) {
			r := measured(6, positions)
			change(&r, func(was string) string {
				if was == "" {
					return ""
				}
				return text
			})
			_, elements, shown := parsed(t, r)
			names := map[string]bool{}
			for _, e := range elements {
				names[e.Data] = true
				for _, a := range e.Attr {
					attributeIsOurs(t, e, a)
				}
			}
			var kinds []string
			for name := range names {
				kinds = append(kinds, name)
			}
			slices.Sort(kinds)
			if i == 0 {
				ours = kinds
			}
			assert.Subset(t, append(ours, "pre"), kinds, "%q", text)
			if strings.HasPrefix(text, "</") || strings.HasPrefix(text, "&") || strings.HasPrefix(text, "javascript") {
				assert.Contains(t, shown, text, "it is shown as it is")
			}
		}
	}
}

func attributeIsOurs(t *testing.T, e *html.Node, a html.Attribute) {
	t.Helper()
	switch a.Key {
	case "href":
		assert.Regexp(t, `^(#[a-z-]+|`+regexp.QuoteMeta(docsBase)+`[^/]+/docs/checks\.md#[a-z-]+)$`, a.Val)
	case "class", "id", "role", "scope", "rel", "lang", "name", "charset", "aria-labelledby":
		assert.Regexp(t, `^[A-Za-z0-9 -]*$`, a.Val, a.Key)
	case "x", "y", "width", "height", "rx", "d", "viewBox":
		if e.Data != "meta" {
			assert.Regexp(t, `^[MHVhvlz0-9 .-]*$`, a.Val, a.Key)
		}
	case "content", "http-equiv", "aria-label":
	default:
		assert.Fail(t, "an attribute that no template has", "%s %s=%q", e.Data, a.Key, a.Val)
	}
}

// TestThePolicyAllowsTheOneStyleSheet holds the digest to what stands in the page.
func TestThePolicyAllowsTheOneStyleSheet(t *testing.T) {
	t.Parallel()
	_, elements, _ := parsed(t, measured(3, 3))
	policy, style := "", ""
	for _, e := range elements {
		switch e.Data {
		case "meta":
			if len(e.Attr) == 2 && e.Attr[0].Val == "Content-Security-Policy" {
				policy = e.Attr[1].Val
			}
		case "style":
			require.Empty(t, style, "one style sheet")
			style = e.FirstChild.Data
		case "script", "img", "link", "iframe", "object", "form", "base", "use", "image", "foreignObject":
			assert.Fail(t, "an element that a page without requests has not", e.Data)
		}
	}
	sum := sha256.Sum256([]byte(style))
	assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; base-uri 'none'; form-action 'none'", policy)
	assert.NotContains(t, style, "url(")
}

// TestAPageOfManyReplicasIsSmall has 50 replicas that each asked all others, and 300
// findings.
func TestAPageOfManyReplicasIsSmall(t *testing.T) {
	t.Parallel()
	r := measured(50, 50)
	bad := &r.Outcomes[1]
	for i := len(bad.Findings); i < 300; i++ {
		f := bad.Findings[0]
		f.Message, f.Subject.Replica = fmt.Sprintf("finding %d", i), fmt.Sprintf("coder-%d", i%50)
		bad.Findings = append(bad.Findings, f)
	}
	page, elements, shown := parsed(t, r)
	assert.Less(t, len(page), 300<<10)
	assert.Contains(t, shown, "finding 299")
	assert.Contains(t, shown, "Remedy for these 300")
	assert.Contains(t, shown, "… and 45 replicas more")
	assert.Contains(t, shown, "coder-1, relay URL: connection refused (asked from coder-0, coder-1, coder-2 and 47 more positions)")
	assert.Less(t, len(elements), 6000)
}

func TestThePictureMarksWhereSomethingFailed(t *testing.T) {
	t.Parallel()
	r := sample()
	toneOf := func(title string) (tones []string) {
		for _, p := range pictures(r) {
			for _, b := range append(p.Boxes, p.Frame) {
				if b.Rows[0].Text == title {
					tones = append(tones, b.Tone)
				}
			}
		}
		return tones
	}
	assert.Equal(t, []string{"error", "error"}, toneOf("between replicas"))
	assert.Equal(t, []string{"plain", "plain"}, toneOf("coder-0"))
	assert.Equal(t, []string{"error", "error"}, toneOf("coder-1"))
	assert.Equal(t, []string{"warning", "warning"}, toneOf("Postgres"))
	assert.Equal(t, []string{"plain", "plain"}, toneOf("2 replicas"))
	r.Outcomes = r.Outcomes[4:5]
	assert.Equal(t, []string{"open", "open"}, toneOf("Postgres"))
	r.Deployment.Replicas = nil
	assert.Empty(t, pictures(r))
}

func TestOfManyReplicasThoseWithFindingsAreDrawn(t *testing.T) {
	t.Parallel()
	own := map[string]*found{}
	var replicas []Replica
	for i := range 20 {
		name := fmt.Sprintf("coder-%d", i)
		replicas, own[name] = append(replicas, Replica{Name: name}), &found{}
	}
	own["coder-17"].errors = 1
	var titles []string
	for _, p := range drawn(replicas, own) {
		titles = append(titles, p.title)
	}
	assert.Equal(t, []string{"coder-0", "coder-1", "coder-2", "coder-3", "coder-17", "… and 15 replicas more"}, titles)
}

func TestATextOfAPictureStaysInItsBox(t *testing.T) {
	t.Parallel()
	for _, text := range append(hostile, "", strings.Repeat("x", 300), strings.Repeat("大", 300), "https://coder.example.com") {
		for columns := 3; columns < 40; columns += 6 {
			lines := inColumns(text, columns, 2)
			assert.LessOrEqual(t, len(lines), 3)
			for _, line := range lines {
				assert.LessOrEqual(t, columnsOf([]rune(line)), columns)
			}
		}
	}
	assert.Equal(t, []string{"abcdef"}, inColumns("abcdef", 6, 2))
	assert.Equal(t, []string{"one two ", "three"}, inColumns("one two three", 9, 2))
}

func TestTheHeatMapSaysWhatEachReplicaAnswered(t *testing.T) {
	t.Parallel()
	few := htmlMeshOf(measured(3, 3))
	require.Len(t, few.Rows, 3)
	assert.Equal(t, meshRow{"coder-0", []meshCell{{"heat0", "1.0 ms"}, {"heat1", "2.0 ms"}, {"heat2", "3.0 ms"}}}, few.Rows[0])
	assert.Equal(t, meshCell{"broken", "× relay"}, few.Rows[1].Cells[0])
	assert.Equal(t, []string{"coder-1, relay URL: connection refused (asked from coder-0, coder-1, coder-2)"}, few.Failures)
	assert.Nil(t, few.Map)

	many := htmlMeshOf(measured(6, 6))
	assert.Empty(t, many.Rows)
	require.Len(t, many.From, 6)
	assert.Equal(t, meshFrom{"coder-0", 5, 6, "4.0 ms", "6.0 ms", "coder-5"}, many.From[0])
	var classes []string
	cells := 0
	for _, p := range many.Map.Paths {
		classes = append(classes, p.Class)
		cells += strings.Count(p.D, "M")
	}
	assert.Equal(t, []string{"broken", "heat0", "heat1", "heat2", "heat3", "heat4"}, classes)
	assert.Equal(t, 36, cells)

	one := measured(2, 0)
	one.Positions, one.Mesh = []Position{{}}, []Link{{To: "coder-0", Relay: &Answer{OK: true}}, {To: "coder-1", Cluster: &Answer{Error: "refused"}}}
	m := htmlMeshOf(one)
	assert.Equal(t, []string{facts.ThisMachine.String()}, m.Positions)
	assert.Equal(t, []meshRow{{"coder-0", []meshCell{{"answers", "√"}}}, {"coder-1", []meshCell{{"broken", "× 6222"}}}}, m.Rows)
	assert.Nil(t, htmlMeshOf(sample()))
}

func TestTheWorstComesFirst(t *testing.T) {
	t.Parallel()
	r := sample()
	slices.Reverse(r.Outcomes)
	failed := htmlFailed(r.Outcomes)
	require.Len(t, failed, 2)
	assert.Equal(t, "relay-bad", failed[0].ID)
	assert.Equal(t, check.Error.String(), failed[0].Severity)
	assert.Equal(t, "Make it good:", failed[0].Groups[0].Remedy)
	assert.Equal(t, "- name: X\n  value: good", failed[0].Groups[0].Snippet)
}
