package chart

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

var (
	// schemaProblem is a line of Helm's report of values that do not fit the
	// chart's schema.
	schemaProblem = regexp.MustCompile(`(?m)^\s*- at '([^']*)': (.*)$`)
	// unknownKeys finds the keys that such a line complains of.
	unknownKeys = regexp.MustCompile(`additional properties (.*) not allowed`)
	// quotedValue finds the user's value in a line that quotes it.
	quotedValue = regexp.MustCompile(`(?s)^'.*' (does not match pattern .*|is not valid [a-z-]+).*$`)
)

// schemaError rewrites Helm's report of values that do not fit the schema: a
// line for each problem, with the place where the user can mend it. Any other
// error is returned as it is.
func schemaError(chart string, err error, origins Origins) error {
	problems := schemaProblem.FindAllStringSubmatch(err.Error(), -1)
	if len(problems) == 0 || !strings.Contains(err.Error(), "schema") {
		return fmt.Errorf("render chart %s: %w", chart, err)
	}
	lines := []string{fmt.Sprintf("the values do not fit the schema of chart %s:", chart)}
	for _, problem := range problems {
		// A value may be a secret, and the place is said before it.
		path, text := strings.TrimPrefix(problem[1], "/"), quotedValue.ReplaceAllString(problem[2], "the value $1")
		keys := strings.Split(path, "/")
		if path == "" {
			keys = nil
		}
		if unknown := unknownKeys.FindStringSubmatch(text); unknown != nil {
			for key := range strings.SplitSeq(unknown[1], ", ") {
				key = strings.Trim(key, "'")
				at := slices.Concat(keys, []string{key})
				lines = append(lines, origins.place(at)+strings.Join(at, ".")+": there is no such key")
			}
			continue
		}
		lines = append(lines, origins.place(keys)+strings.Join(keys, ".")+": "+text)
	}
	return fmt.Errorf("%s", strings.Join(lines, "\n  "))
}

// place is "FILE:LINE: " of the last values file that has the key; it is empty
// where none has, as with --set.
func (o Origins) place(keys []string) string {
	file, line := o.Key(keys)
	if file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", file, line)
}

// Key is where the last values file that has the key has it; file is empty where
// none has, as with --set.
func (o Origins) Key(keys []string) (file string, line int) {
	path := make([]any, len(keys))
	for i, key := range keys {
		path[i] = key
		if index, err := strconv.Atoi(key); err == nil {
			path[i] = index
		}
	}
	for _, doc := range slices.Backward(o.documents) {
		if node := manifest.Child(doc.root, path...); node != nil {
			return doc.file, node.Line
		}
	}
	return "", 0
}
