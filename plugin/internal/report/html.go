package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
	"github.com/coder-ha/coder-ha/plugin/internal/version"
)

//go:embed html
var htmlFiles embed.FS

// htmlTemplate is read when the first page is written.
var htmlTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("page.html.tmpl").Funcs(template.FuncMap{"count": human.Count}).ParseFS(htmlFiles, "html/*")
})

// htmlWriter writes one page that needs nothing else: no script, no request, no
// file beside it.
type htmlWriter struct{}

// htmlPage is what the template shows. No text of others stands in an attribute.
type htmlPage struct {
	// Policy lets a browser apply the one style sheet and do nothing else: no
	// request, no script, no form, no style of an element.
	Policy                       string
	Result, Tone, Subject        string
	Incomplete, Refusal, Version string
	Counts                       []htmlCount
	Pictures                     []picture
	Replicas                     []Replica
	Failed                       []htmlCheck
	Open                         []htmlSkipped
	Running                      *htmlRunning
	Mesh                         *htmlMesh
	Databases                    []htmlDatabase
	Passed                       []check.Outcome
	Suppressed, Idle             []htmlSkipped
}

// htmlCount leads to a section.
type htmlCount struct{ Section, Tone, Text string }

// htmlCheck is a check that failed.
type htmlCheck struct {
	check.Outcome

	Tone, Mark, Severity, Docs string
	Groups                     []htmlGroup
}

// htmlGroup are findings that one remedy ends.
type htmlGroup struct {
	Findings []htmlFinding
	// Remedy is a sentence, and Snippet what can be pasted.
	Remedy, Snippet string
}

type htmlFinding struct{ Message, At, Observed, Expected string }

// htmlSkipped are checks that were skipped for one reason.
type htmlSkipped struct {
	Reason, Proof string
	Checks        []htmlTitle
}

type htmlTitle struct{ Title, ID, Docs, Severity string }

func (htmlWriter) Write(w io.Writer, r Report) error {
	page, err := htmlTemplate()
	if err != nil {
		return err
	}
	style, err := htmlFiles.ReadFile("html/style.css")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(style)
	view := htmlPage{
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Result: textWriter{}.result(r), Tone: r.Verdict(), Subject: subject(r), Incomplete: r.Incomplete, Refusal: r.Deployment.Refusal,
		Version: version.Version, Counts: htmlCounts(r), Pictures: pictures(r), Replicas: r.Deployment.Replicas,
		Failed: htmlFailed(r.Outcomes), Running: htmlRunningOf(r), Mesh: htmlMeshOf(r), Databases: htmlDatabases(r.Postgres),
	}
	view.Open = htmlSkips(r.Outcomes, check.Outcome.Unproven)
	view.Suppressed = htmlSkips(r.Outcomes, func(o check.Outcome) bool { return o.Suppressed })
	view.Idle = htmlSkips(r.Outcomes, func(o check.Outcome) bool {
		return o.Status == check.Skipped && !o.Unproven() && !o.Suppressed
	})
	for _, o := range r.Outcomes {
		if o.Status == check.Passed {
			view.Passed = append(view.Passed, o)
		}
	}
	return page.Execute(w, view)
}

// htmlCounts are the figures of a report, each with the section that it is about.
func htmlCounts(r Report) []htmlCount {
	s := r.Summary()
	var out []htmlCount
	add := func(n int, section, tone, text string) {
		if n > 0 {
			out = append(out, htmlCount{section, tone, text})
		}
	}
	add(s.Error, "findings", "error", human.Count(s.Error, "error"))
	add(s.Warning, "findings", "warning", human.Count(s.Warning, "warning"))
	add(s.Info, "findings", "info", fmt.Sprintf("%d info", s.Info))
	add(s.Unproven, "not-verified", "open", human.Count(s.Unproven, "check")+" not verified")
	add(s.Passed, "passed", "passed", human.Count(s.Passed, "check")+" passed")
	return out
}

// htmlFailed are the checks that failed, the worst first.
func htmlFailed(outcomes []check.Outcome) []htmlCheck {
	var out []htmlCheck
	for _, o := range outcomes {
		worst, failed := o.Worst()
		if !failed {
			continue
		}
		c := htmlCheck{Outcome: o, Tone: worst.String(), Mark: textWriter{}.mark(worst), Severity: worst.String(), Docs: DocsURL(o.ID)}
		for i, f := range o.Findings {
			if i == 0 || o.Findings[i-1].Remedy != f.Remedy {
				remedy, snippet, _ := strings.Cut(f.Remedy, "\n")
				c.Groups = append(c.Groups, htmlGroup{Remedy: remedy, Snippet: snippet})
			}
			group := &c.Groups[len(c.Groups)-1]
			group.Findings = append(group.Findings, htmlFinding{f.Message, place(f.Subject), f.Observed, f.Expected})
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b htmlCheck) int {
		x, _ := a.Worst()
		y, _ := b.Worst()
		return int(y) - int(x)
	})
	return out
}

// htmlSkips puts the skipped checks that are meant together by their reasons.
func htmlSkips(outcomes []check.Outcome, meant func(check.Outcome) bool) []htmlSkipped {
	var out []htmlSkipped
	at := map[check.Skip]int{}
	for _, o := range outcomes {
		if !meant(o) {
			continue
		}
		i, seen := at[o.Skip]
		if !seen {
			i = len(out)
			at[o.Skip] = i
			out = append(out, htmlSkipped{Reason: o.Skip.Reason, Proof: rootProof(outcomes, o)})
		}
		out[i].Checks = append(out[i].Checks, htmlTitle{o.Title, o.ID, DocsURL(o.ID), o.Severity.String()})
	}
	return out
}
