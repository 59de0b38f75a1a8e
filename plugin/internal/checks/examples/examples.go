// Package examples holds an example of each check: a change of a deployment that is
// right, as a diff. What its lines with - say fails the check, and what those with + say
// does not. A line such as "# coder-1.env" says where the lines below it belong.
package examples

import "embed"

//go:embed *.diff
var files embed.FS

// Of is the example of a check; empty where there is none.
func Of(id string) string {
	text, err := files.ReadFile(id + ".diff")
	if err != nil {
		return ""
	}
	return string(text)
}

// IDs are the checks that have an example.
func IDs() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil
	}
	var ids []string
	for _, entry := range entries {
		ids = append(ids, entry.Name()[:len(entry.Name())-len(".diff")])
	}
	return ids
}
