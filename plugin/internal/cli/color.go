package cli

import (
	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

// addColor adds the flags of every command that Helm hands on to a plugin: it
// takes its own out of the arguments, but not these. The result is what --color
// says.
func addColor(root *cobra.Command) *string {
	color := new(string)
	addEnum(root, root.PersistentFlags(), color, enum{name: "color", value: "auto", allowed: report.Colors(), usage: "color in the text report"})
	addEnum(root, root.PersistentFlags(), color, enum{name: "colour", value: "auto", allowed: report.Colors(), usage: "the same as --color"})
	root.PersistentFlags().String("content-cache", "", "a flag of Helm 4, without effect here")
	root.PersistentFlags().Lookup("colour").Hidden = true
	root.PersistentFlags().Lookup("content-cache").Hidden = true
	return color
}
