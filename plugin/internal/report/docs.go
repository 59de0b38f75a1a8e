package report

// docsBase is where the generated page of checks is published; the heading of
// each check on it is the check's id.
const docsBase = "https://github.com/coder-ha/coder-ha/blob/main/docs/checks.md#"

// DocsURL is the address of the manual's entry on a check.
func DocsURL(id string) string { return docsBase + id }

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
