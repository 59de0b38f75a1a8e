package postgres

import (
	"errors"
	"fmt"
	"strconv"
)

// column is what a column of an answer holds, as Postgres writes it as text.
type column struct {
	kind kind
	// null says that it may be NULL.
	null bool
}

type kind int

const (
	isText kind = iota
	isInteger
	isCount
	isDecimal
	isBoolean
)

// The columns. A count is of what a server can have, or -1 where there is no limit.
var (
	text    = column{kind: isText}
	integer = column{kind: isInteger}
	number  = column{kind: isCount}
	decimal = column{kind: isDecimal}
	boolean = column{kind: isBoolean}
)

func orNull(c column) column { return column{c.kind, true} }

// shape is what an answer must look like before anything is read from it. What
// answers may be a pooler, a proxy or another database, and none is trusted to
// answer what it was asked.
type shape struct {
	columns []column
	// least and most bound the number of rows.
	least, most int
}

// oneRow is the shape of exactly one row.
func oneRow(columns ...column) shape { return shape{columns, 1, 1} }

// rowsUpTo is the shape of any number of rows up to the most.
func rowsUpTo(most int, columns ...column) shape { return shape{columns, 0, most} }

// check says what of an answer has another shape.
func (s shape) check(rows []row) error {
	switch {
	case len(rows) < s.least:
		return errors.New("the server answered without a row")
	case len(rows) > s.most:
		return fmt.Errorf("the server answered with more rows than the %d that were asked for", s.most)
	}
	for _, r := range rows {
		if len(r) != len(s.columns) {
			return fmt.Errorf("the server answered with %d columns in the place of %d", len(r), len(s.columns))
		}
		for i, c := range s.columns {
			if !c.holds(r[i]) {
				return fmt.Errorf("the server answered with something else than was asked for in column %d", i+1)
			}
		}
	}
	return nil
}

// holds says whether a value is one of the column.
func (c column) holds(value []byte) bool {
	if value == nil {
		return c.null
	}
	switch written := string(value); c.kind {
	case isInteger:
		_, err := strconv.ParseInt(written, 10, 64)
		return err == nil
	case isCount:
		n, err := strconv.ParseInt(written, 10, 32)
		return err == nil && n >= -1
	case isDecimal:
		_, err := strconv.ParseFloat(written, 64)
		return err == nil
	case isBoolean:
		return written == "t" || written == "f"
	case isText:
	}
	return true
}
