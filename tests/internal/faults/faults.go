// Package faults reads docs/faults.md: what was broken on a real cluster, and what the
// plugin reported. The tests that break it take from the page what they expect.
package faults

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// Page is where the table is.
const Page = "docs/faults.md"

// Fault is a row of the table.
type Fault struct {
	// Name says what was broken.
	Name string
	// Check is the id of the check that tells of it; empty where a sentence beside the
	// report does.
	Check string
	// Status is that of the check in the JSON report; empty without a check.
	Status string
	// Says is what is said; "…" stands for any text.
	Says string
}

// statuses are the words of the page for those of the JSON report.
var statuses = map[string]string{"finding": "failed", "not verified": "skipped", "said": ""}

// row finds the rows of the tables of faults, which have four columns.
var row = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)

// Read reads the page.
func Read() ([]Fault, error) {
	at, err := checkout.Path(Page)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(at)
	if err != nil {
		return nil, fmt.Errorf("reading the table of faults: %w", err)
	}
	var all []Fault
	for _, cells := range row.FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(cells[1], "What was broken") {
			continue
		}
		status, known := statuses[cells[3]]
		if !known {
			return nil, fmt.Errorf("%s: %s: %q is not how a check ends", Page, cells[1], cells[3])
		}
		all = append(all, Fault{Name: cells[1], Check: strings.Trim(cells[2], "`-"), Status: status, Says: strings.Trim(cells[4], "`")})
	}
	return all, nil
}

// Named is the row of this name.
func Named(name string) (Fault, error) {
	all, err := Read()
	if err != nil {
		return Fault{}, err
	}
	for _, f := range all {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, fmt.Errorf("%s has no row for the fault %q", Page, name)
}

// In says whether a text has what is said, in one line.
func (f Fault) In(text string) bool {
	parts := strings.Split(f.Says, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(strings.Join(parts, ".*")).MatchString(text)
}
