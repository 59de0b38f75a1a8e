package cli

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"
)

// addNumber adds a flag that takes a number from least to most; its default is
// what into holds.
func addNumber(f *pflag.FlagSet, into *int, name string, least, most int, usage string) {
	f.Var(&number{into, least, most}, name, usage)
}

type number struct {
	into        *int
	least, most int
}

func (n *number) String() string {
	if n.into == nil {
		return ""
	}
	return strconv.Itoa(*n.into)
}

// Set takes a number within the bounds.
func (n *number) Set(text string) error {
	got, err := strconv.Atoi(text)
	if err != nil || got < n.least || got > n.most {
		return fmt.Errorf("use a number from %d to %d", n.least, n.most)
	}
	*n.into = got
	return nil
}

// Type is the word for the value in the help.
func (*number) Type() string { return "int" }

// longestTime is far beyond any time that a user means, and can be added to any.
const longestTime = 10 * 365 * 24 * time.Hour

// addTime adds a flag that takes a time of 0 or more; its default is what into holds.
func addTime(f *pflag.FlagSet, into *time.Duration, name, usage string) {
	f.Var((*duration)(into), name, usage)
}

type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }

// Set takes a time within the bounds.
func (d *duration) Set(text string) error {
	got, err := time.ParseDuration(text)
	if err != nil || got < 0 || got > longestTime {
		return errors.New("use a time such as 30s, of 0 or more and at most ten years")
	}
	*d = duration(got)
	return nil
}

// Type is the word for the value in the help.
func (*duration) Type() string { return "duration" }
