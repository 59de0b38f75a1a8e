package report

import (
	"encoding/json"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/version"
)

// sarifWriter writes SARIF 2.1.0, the format of code scanning: every check is a
// rule, every finding a result. What could not be verified is a notification of
// the run.
type sarifWriter struct{}

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string          `json:"id"`
	ShortDescription sarifMessage    `json:"shortDescription"`
	FullDescription  sarifMessage    `json:"fullDescription"`
	Help             sarifMessage    `json:"help"`
	HelpURI          string          `json:"helpUri"`
	Configuration    sarifLevel      `json:"defaultConfiguration"`
	Properties       sarifProperties `json:"properties"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifProperties struct {
	Tags []string `json:"tags"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level   string       `json:"level"`
	Message sarifMessage `json:"message"`
	Rule    *sarifRuleID `json:"associatedRule,omitempty"`
}

type sarifRuleID struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifMessage    `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

func (sarifWriter) Write(w io.Writer, r Report) error {
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name: "coder-ha", Version: version.Version, InformationURI: "https://github.com/coder-ha/coder-ha", Rules: []sarifRule{},
		}},
		Results: []sarifResult{},
	}
	invocation := sarifInvocation{Successful: r.Incomplete == "", Notifications: []sarifNotification{}}
	for _, e := range []struct{ message, why string }{
		{"the chart refuses these values: ", r.Deployment.Refusal}, {"the run ended early: ", r.Incomplete},
	} {
		if e.why != "" {
			invocation.Notifications = append(invocation.Notifications, sarifNotification{Level: "error", Message: sarifText(e.message + e.why)})
		}
	}
	for i, o := range r.Outcomes {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(o))
		for _, f := range o.Findings {
			run.Results = append(run.Results, sarifResult{
				RuleID: o.ID, RuleIndex: i, Level: levelOf(f.Severity), Message: sarifText(findingText(f)), Locations: []sarifLocation{locationOf(f.Subject)},
			})
		}
		if o.Unproven() {
			invocation.Notifications = append(invocation.Notifications, sarifNotification{
				Level: "note", Rule: &sarifRuleID{o.ID, i},
				Message: sarifText("not verified: " + o.ID + " because " + o.Skip.Reason + "; to verify: " + o.Skip.Proof),
			})
		}
	}
	run.Invocations = []sarifInvocation{invocation}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifRuleOf(o check.Outcome) sarifRule {
	return sarifRule{
		ID: o.ID, ShortDescription: sarifMessage{o.Title}, FullDescription: sarifMessage{o.Why},
		Help:    sarifMessage{"Holds if " + o.Title + ". " + o.Why + " `helm coder-ha explain " + o.ID + "` says what to do."},
		HelpURI: DocsURL(o.ID), Configuration: sarifLevel{levelOf(o.Severity)}, Properties: sarifProperties{Tags: []string{o.Area.ID}},
	}
}

// sarifText is a message in which no text of others makes a link: readers of SARIF
// make one of [text](target).
func sarifText(text string) sarifMessage {
	if strings.Contains(text, "](") {
		text = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(text)
	}
	return sarifMessage{text}
}

func levelOf(s check.Severity) string {
	switch s {
	case check.Error:
		return "error"
	case check.Warning:
		return "warning"
	default:
		return "note"
	}
}

// locationOf is where a subject is. Code scanning refuses a whole log for one
// result without a URI, so that a subject without a file stands for itself.
func locationOf(s check.Subject) sarifLocation {
	var parts []string
	for _, part := range []string{s.Kind, s.Namespace, s.Name} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	name := strings.Join(parts, "/")
	var out sarifLocation
	switch {
	case s.File != "":
		out.Physical.Artifact.URI = fileURI(s.File)
	case name != "":
		out.Physical.Artifact.URI = fileURI(name)
	default:
		out.Physical.Artifact.URI = "coder-ha"
	}
	if s.File != "" && s.Line > 0 {
		out.Physical.Region = &sarifRegion{s.Line}
	}
	if name != "" {
		out.Logical = []sarifLogical{{FullyQualifiedName: name, Kind: "resource"}}
	}
	return out
}

// fileURI is a path as a URI: relative to where the command ran, as code scanning
// wants it, where it is not absolute.
func fileURI(file string) string {
	slashed := path.Clean(filepath.ToSlash(file))
	if filepath.IsAbs(file) {
		return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(slashed, "/")}).String()
	}
	return (&url.URL{Path: slashed}).String()
}
