package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// List writes the checks, one on a line.
func List(w io.Writer, all []check.Check) error {
	var out strings.Builder
	area := ""
	for _, c := range all {
		if c.Area.ID != area {
			area = c.Area.ID
			fmt.Fprintf(&out, "%s\n", c.Area.Title)
		}
		fmt.Fprintf(&out, "  %-32s %-8s %s\n", c.ID, c.Severity, c.Title)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// Explain writes all that is declared of one check.
func Explain(w io.Writer, c check.Check) error {
	_, err := fmt.Fprintf(w, "%s (%s, %s)\n  holds   %s\n  why     %s\n  fails   %s\n%s  remedy  %s\n  needs   %s\n  see     %s\n", c.ID, c.Area.ID, c.Severity,
		c.Title, c.Why, c.Example, indented(c.Change), strings.ReplaceAll(c.Remedy, "\n", "\n          "), evidence(c), DocsURL(c.ID))
	return err
}

// indented is a text below what is said of it.
func indented(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString("          " + line)
	}
	return out.String()
}

// kinds are the kinds of evidence, for people.
var kinds = map[facts.Kind]string{
	facts.Replicas:    "a chart, manifests or hosts",
	facts.DatabaseURL: "a database URL",
	facts.Database:    "an answer of the database",
	facts.Mesh:        "answers of the replicas (--probe, --in-cluster)",

	facts.Services: "the Services", facts.Routes: "the Ingresses", facts.NetworkPolicies: "the NetworkPolicies",
	facts.DisruptionBudgets: "the PodDisruptionBudgets", facts.Autoscalers: "the HorizontalPodAutoscalers",
	facts.Pods: "the pods that run (status)", facts.Nodes: "the nodes of the pods (status, --in-cluster)", facts.EndpointSlices: "the EndpointSlices of the Services (status)", facts.Events: "the events of the pods (status)",
	facts.API: "answers of each coderd (status)", facts.OwnerAPI: "a session token of an owner",
}

// evidence says what a check needs, and what it uses besides.
func evidence(c check.Check) string {
	words := func(all []facts.Kind) string {
		var out []string
		for _, kind := range all {
			out = append(out, kinds[kind])
		}
		return strings.Join(out, " and ")
	}
	text := words(c.Needs)
	if more := slices.DeleteFunc(slices.Clone(c.Uses), func(k facts.Kind) bool { return slices.Contains(c.Needs, k) }); len(more) > 0 {
		text += "; uses " + words(more) + " where there is one"
	}
	return text
}

// Manual writes the manual's page of all checks.
func Manual(w io.Writer, all []check.Check) error {
	var page strings.Builder
	page.WriteString("# The checks\n\n" +
		"Every check that `helm coder-ha` makes, by id. An id never changes its meaning: it stands in `--skip` and in your CI.\n" +
		"This page is generated; `helm coder-ha explain ID` prints an entry of it.\n\n" +
		"Each has an example: a change of a deployment that is right, in which the lines with `-` fail the check, and those with `+` do not.\n" +
		"Its line with `#` says where the others belong: the container or pod of coderd, a file, or `facts.json`, what `--facts-out` writes of a run.\n\n" +
		"A check has **passed**, **failed** or is **skipped**; a skip says why, and what would verify it. Nothing unproven is called passed.\n" +
		"Severity: `error` breaks high availability or the install, `warning` will hurt, `info` is advice.\n")
	area := check.Area{}
	for _, c := range all {
		if c.Area != area {
			area = c.Area
			fmt.Fprintf(&page, "\n## %s\n", area.Title)
		}
		fmt.Fprintf(&page, "\n### %s\n\n**%s**: %s.\n\n%s\n\nFails, for example: %s.\n\n```diff\n%s```\n\nWhat to do: %s\n\nNeeds %s.\n", c.ID, c.Severity, c.Title, c.Why, c.Example, c.Change, fenced(c.Remedy), evidence(c))
	}
	_, err := io.WriteString(w, page.String())
	return err
}

// fenced puts what can be pasted into a block of its language: each run of lines
// after the first sentence is YAML, SQL or a command.
func fenced(remedy string) string {
	first, rest, several := strings.Cut(remedy, "\n")
	if !several {
		return remedy
	}
	var out strings.Builder
	out.WriteString(first + "\n")
	open := ""
	for line := range strings.SplitSeq(rest, "\n") {
		if language := languageOf(line, open); language != open {
			if open != "" {
				out.WriteString("```\n")
			}
			out.WriteString("\n```" + language + "\n")
			open = language
		}
		out.WriteString(line + "\n")
	}
	return out.String() + "```"
}

// languageOf tells the language of a line; an indented one is of the block that
// is open.
func languageOf(line, open string) string {
	word, _, _ := strings.Cut(line, " ")
	switch {
	case strings.HasPrefix(line, " "):
		return open
	case word == "kubectl" || word == "helm":
		return "shell"
	case word != "" && strings.ToUpper(word) == word && !strings.HasPrefix(word, "-"):
		return "sql"
	default:
		return "yaml"
	}
}
