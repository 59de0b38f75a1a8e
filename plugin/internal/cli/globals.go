package cli

import "github.com/spf13/cobra"

// globals are the flags of every command that Helm hands on to a plugin: it
// takes its own out of the arguments, but not these.
type globals struct{ color string }

func (g *globals) add(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&g.color, "color", "auto", "color in the text report: auto, always or never")
	f.StringVar(&g.color, "colour", "auto", "the same as --color")
	f.String("content-cache", "", "a flag of Helm 4, without effect here")
	f.Lookup("colour").Hidden = true
	f.Lookup("content-cache").Hidden = true
	register(root, "color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
}
