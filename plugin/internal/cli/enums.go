package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-ha/coder-ha/plugin/internal/nearest"
)

// addEnums adds a flag that takes several of a few words, separated by commas or
// by repeating the flag.
func addEnums(cmd *cobra.Command, flags *pflag.FlagSet, into *[]string, e enum) {
	flags.VarP(&enumsValue{into: into, allowed: e.allowed}, e.name, e.shorthand, e.usage+": "+words(e.allowed))
	register(cmd, e.name, cobra.FixedCompletions(e.allowed, cobra.ShellCompDirectiveNoFileComp))
}

type enumsValue struct {
	into    *[]string
	allowed []string
}

func (e *enumsValue) String() string {
	if e.into == nil {
		return ""
	}
	return strings.Join(*e.into, ",")
}

// Set takes some of the words.
func (e *enumsValue) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); !slices.Contains(e.allowed, word) {
			if hint := nearest.Hint(word, e.allowed); hint != "" {
				return fmt.Errorf("unknown word %q%s", word, hint)
			}
			return fmt.Errorf("use %s", words(e.allowed))
		}
		*e.into = append(*e.into, word)
	}
	return nil
}

// Type is the word for the value in the help.
func (*enumsValue) Type() string { return "strings" }
