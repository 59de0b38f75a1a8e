package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// markdownWriter writes a comment for a pull request. A comment of GitHub's has no
// more than 65,536 characters: what does not fit is counted.
type markdownWriter struct{}

// markdownMark is how a bot finds the comment that it wrote last time.
const markdownMark = "<!-- coder-ha -->"

// mostMarkdown is where findings stop, with room for the rest.
const mostMarkdown = 56 << 10

func (markdownWriter) Write(w io.Writer, r Report) error {
	var out strings.Builder
	s := r.Summary()
	fmt.Fprintf(&out, "%s\n### coder-ha: %s\n\n%s: %s, %s, %d info; %s passed.\n", markdownMark, escaped(textWriter{}.result(r)), escaped(subject(r)),
		human.Count(s.Error, "error"), human.Count(s.Warning, "warning"), s.Info, human.Count(s.Passed, "check"))
	if r.Incomplete != "" {
		fmt.Fprintf(&out, "\n**The run ended early**: %s\n", escaped(r.Incomplete))
	}
	if r.Deployment.Refusal != "" {
		fmt.Fprintf(&out, "\n**The chart refuses these values**: %s\n", escaped(r.Deployment.Refusal))
	}
	entries := markdownFindings(r.Outcomes)
	if len(entries) > 0 {
		out.WriteString("\n")
	}
	limited(&out, entries, mostMarkdown, "finding")
	var open []string
	for _, o := range r.Outcomes {
		if o.Unproven() {
			open = append(open, fmt.Sprintf("- %s: %s; to verify: %s\n", linked(o.ID), escaped(o.Skip.Reason), escaped(o.Skip.Proof)))
		}
	}
	if len(open) > 0 {
		fmt.Fprintf(&out, "\n<details><summary>Not verified: %s</summary>\n\n", unverified(r.Outcomes))
		limited(&out, open, mostMarkdown+4<<10, "check")
		out.WriteString("\n</details>\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// markdownFindings are the findings, the worst first.
func markdownFindings(outcomes []check.Outcome) []string {
	type entry struct {
		id string
		check.Finding
	}
	var all []entry
	for _, o := range outcomes {
		for _, f := range o.Findings {
			all = append(all, entry{o.ID, f})
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return int(b.Severity) - int(a.Severity) })
	var out []string
	for _, e := range all {
		out = append(out, markdownFinding(e.id, e.Finding))
	}
	return out
}

// limited writes entries as long as the text stays below a length, and counts the
// rest.
func limited(out *strings.Builder, entries []string, most int, noun string) {
	for i, e := range entries {
		if out.Len()+len(e) > most {
			fmt.Fprintf(out, "- … and %s that do not fit here\n", human.Count(len(entries)-i, noun))
			return
		}
		out.WriteString(e)
	}
}

func markdownFinding(id string, f check.Finding) string {
	var out strings.Builder
	fmt.Fprintf(&out, "- **%s** %s: %s\n", f.Severity, linked(id), escaped(f.Message))
	for _, line := range []struct{ name, text string }{{"at", place(f.Subject)}, {"observed", f.Observed}, {"expected", f.Expected}} {
		if line.text != "" {
			fmt.Fprintf(&out, "  - %s %s\n", line.name, codeSpan(line.text))
		}
	}
	if first, rest, _ := strings.Cut(f.Remedy, "\n"); first != "" {
		fmt.Fprintf(&out, "  - remedy: %s\n", escaped(first))
		if rest != "" {
			fence := strings.Repeat("`", max(3, backticks(rest)+1))
			fmt.Fprintf(&out, "\n    %s\n    %s\n    %s\n", fence, strings.ReplaceAll(rest, "\n", "\n    "), fence)
		}
	}
	return out.String()
}

// linked is the id of a check, with the manual behind it.
func linked(id string) string { return fmt.Sprintf("[`%s`](%s)", id, DocsURL(id)) }

// codeSpan shows a text of one line as it is, whatever it holds.
func codeSpan(text string) string {
	fence := strings.Repeat("`", backticks(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// backticks is the length of the longest run of them.
func backticks(text string) int {
	longest, run := 0, 0
	for _, r := range text {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// escaped is a text that Markdown shows as it is. A comment after what refers to
// people, issues and labels keeps hosts from making references of it.
func escaped(text string) string {
	var out strings.Builder
	runes := []rune(strings.ReplaceAll(text, "\n", " "))
	for i, r := range runes {
		if strings.ContainsRune("\\`*_[]<>&|~#!:@$%{}", r) && !plainColon(runes, i) {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
		next := i+1 < len(runes) && !unicode.IsSpace(runes[i+1])
		switch {
		case strings.ContainsRune("@#!~%$&", r) && next:
			out.WriteString("<!-- -->")
		case r == 'w' && i+1 < len(runes) && runes[i+1] == '.':
			out.WriteByte('\\')
		}
	}
	return out.String()
}

// plainColon says that a colon ends a word, as in a sentence.
func plainColon(text []rune, i int) bool {
	return text[i] == ':' && (i+1 == len(text) || text[i+1] == ' ')
}
