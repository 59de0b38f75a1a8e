package report

import "github.com/coder-ha/coder-ha/plugin/internal/version"

// docsBase is where the sources are published. The heading of each check on the
// generated page is the check's id.
const docsBase = "https://github.com/coder-ha/coder-ha/blob/"

// DocsURL is the address of the manual's entry on a check, of this version.
func DocsURL(id string) string { return docsBase + version.Ref() + "/docs/checks.md#" + id }

// Verdict is the one word for the whole run: pass, warn, fail or incomplete.
func (r Report) Verdict() string {
	switch s := r.Summary(); {
	case r.Fails():
		return "fail"
	case r.Incomplete != "":
		return "incomplete"
	case s.Error+s.Warning > 0:
		return "warn"
	default:
		return "pass"
	}
}
