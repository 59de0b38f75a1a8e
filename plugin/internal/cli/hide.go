package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/report"
	"github.com/coder-ha/coder-ha/plugin/internal/source/chart"
)

// leastHidden is from how many bytes on a text is looked for in the report: a
// shorter one, such as a port, stands in it for other reasons too.
const leastHidden = 8

// secretTexts are the texts of the rendered objects that were made of a Secret
// which a template looked up. Values of the environment hide themselves; these
// are for hosts, labels and whatever else a finding may quote.
func secretTexts(rendered *chart.Rendered) []string {
	var texts []string
	for _, o := range rendered.Objects {
		for _, text := range rendered.FromSecrets.Texts(o) {
			if len(text) >= leastHidden {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// hide takes texts out of a report, longer ones first: where one begins with
// another, nothing of it is left over.
func hide(r *report.Report, texts []string) {
	longestFirst := slices.SortedFunc(slices.Values(texts), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, text := range longestFirst {
		pairs = append(pairs, text, "(from a Secret)")
	}
	replace := strings.NewReplacer(pairs...).Replace
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		o.Note, o.Skip.Reason, o.Skip.Proof = replace(o.Note), replace(o.Skip.Reason), replace(o.Skip.Proof)
		for j := range o.Findings {
			f := &o.Findings[j]
			for _, field := range []*string{&f.Message, &f.Observed, &f.Expected, &f.Remedy, &f.Subject.Name, &f.Subject.Container} {
				*field = replace(*field)
			}
		}
	}
	for i := range r.Deployment.Replicas {
		shown := &r.Deployment.Replicas[i]
		for _, field := range []*string{&shown.Name, &shown.RelayURL, &shown.AccessURL, &shown.ClusterHost, &shown.HTTPAddress} {
			*field = replace(*field)
		}
	}
}
