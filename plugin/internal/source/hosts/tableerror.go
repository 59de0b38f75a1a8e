package hosts

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// endOf is why a table of CSV ends; nil where it is read to its end. The
// library's own words do not quote the table.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	if at, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("line %d: %w", at.Line, at.Err)
	}
	return err
}

// linePattern finds where the decoder stopped. Its own words may quote the file.
var linePattern = regexp.MustCompile(`line (\d+)`)

// notTable says that a file is no table, and where that shows.
func notTable(err error) error {
	place := ""
	if m := linePattern.FindStringSubmatch(err.Error()); m != nil {
		place = "line " + m[1] + ": "
	}
	return fmt.Errorf("%sit must have the keys env (variables of all hosts) and nodes (a list with name and env), and no others", place)
}
