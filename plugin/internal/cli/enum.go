package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// enum is a flag that takes one of a few words. It refuses any other, and
// completes itself.
type enum struct {
	name, shorthand string
	// value is the default, empty for none.
	value   string
	allowed []string
	usage   string
}

// addEnum adds the flag to flags of the command; into takes the word.
func addEnum(cmd *cobra.Command, flags *pflag.FlagSet, into *string, e enum) {
	*into = e.value
	flags.VarP(&enumValue{into: into, allowed: e.allowed}, e.name, e.shorthand, e.usage+": "+words(e.allowed))
	register(cmd, e.name, cobra.FixedCompletions(e.allowed, cobra.ShellCompDirectiveNoFileComp))
}

type enumValue struct {
	into    *string
	allowed []string
}

func (e *enumValue) String() string {
	if e.into == nil {
		return ""
	}
	return *e.into
}

// Set takes one of the words.
func (e *enumValue) Set(text string) error {
	if !slices.Contains(e.allowed, text) {
		return fmt.Errorf("use %s", words(e.allowed))
	}
	*e.into = text
	return nil
}

// Type is the word for the value in the help.
func (*enumValue) Type() string { return "string" }

// words lists words as a sentence does: auto, always or never.
func words(all []string) string {
	last := len(all) - 1
	if last < 1 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:last], ", ") + " or " + all[last]
}
