package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// junitWriter writes a test case for each check, in a suite for each area. A case
// fails where the check fails the run, so that CI and the exit code agree.
type junitWriter struct{}

type junitReport struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []junitSuite `xml:"testsuite"`
}

type junitCounts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Cases []junitCase `xml:"testcase"`
}

type junitCase struct {
	ClassName string         `xml:"classname,attr"`
	Name      string         `xml:"name,attr"`
	File      string         `xml:"file,attr,omitempty"`
	Line      int            `xml:"line,attr,omitempty"`
	Skipped   *junitSkipped  `xml:"skipped,omitempty"`
	Error     *junitFailure  `xml:"error,omitempty"`
	Failures  []junitFailure `xml:"failure,omitempty"`
	// Output has the findings that do not fail the run.
	Output string `xml:"system-out,omitempty"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func (junitWriter) Write(w io.Writer, r Report) error {
	out := junitReport{Name: "coder-ha"}
	for _, area := range areas(r.Outcomes) {
		suite := junitSuite{Name: area[0].Area.ID}
		for _, o := range area {
			suite.add(junitCaseOf(r, o))
		}
		out.add(suite)
	}
	suite, refusal := junitSuite{Name: "run"}, ""
	if r.RefusalFails {
		refusal = r.Deployment.Refusal
	}
	for _, e := range []struct{ name, kind, message, why string }{
		{"the chart renders", "refused", "the chart refuses these values: ", refusal},
		{"the run completes", "incomplete", "the run ended early: ", r.Incomplete},
	} {
		if e.why != "" {
			suite.add(junitCase{ClassName: "coder-ha.run", Name: e.name, Error: &junitFailure{Message: e.message + e.why, Type: e.kind}})
		}
	}
	if suite.Tests > 0 {
		out.add(suite)
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Error != nil:
		s.Errors++
	case len(c.Failures) > 0:
		s.Failures++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func (r *junitReport) add(s junitSuite) {
	r.Suites = append(r.Suites, s)
	r.Tests += s.Tests
	r.Failures += s.Failures
	r.Errors += s.Errors
	r.Skipped += s.Skipped
}

func junitCaseOf(r Report, o check.Outcome) junitCase {
	c := junitCase{ClassName: "coder-ha." + o.Area.ID, Name: o.ID}
	if o.Status == check.Skipped {
		message := o.Skip.Reason
		if o.Skip.Proof != "" {
			message += "; to verify: " + o.Skip.Proof
		}
		if r.Strict && o.Unproven() && o.Severity == check.Error {
			c.Failures = []junitFailure{{Message: "not verified: " + message, Type: "unverified"}}
		} else {
			c.Skipped = &junitSkipped{Message: message}
		}
	}
	var output []string
	for _, f := range o.Findings {
		if c.File == "" {
			c.File, c.Line = f.Subject.File, f.Subject.Line
		}
		text := findingText(f) + "\nsee " + DocsURL(o.ID)
		if f.Severity >= r.FailOn {
			c.Failures = append(c.Failures, junitFailure{Message: f.Message, Type: f.Severity.String(), Text: text})
		} else {
			output = append(output, text)
		}
	}
	c.Output = strings.Join(output, "\n\n")
	return c
}

// findingText is a finding as the text report writes it, without its frame.
func findingText(f check.Finding) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s", f.Severity, f.Message)
	for _, line := range []struct{ name, text string }{
		{"at", place(f.Subject)}, {"observed", f.Observed}, {"expected", f.Expected}, {"remedy", f.Remedy},
	} {
		if line.text != "" {
			fmt.Fprintf(&out, "\n%s: %s", line.name, line.text)
		}
	}
	return out.String()
}
