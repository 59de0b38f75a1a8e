package coder

import "strings"

// Option is a word of a command line that sets a setting of `coder server`.
type Option struct {
	// Variable is that of the setting; a flag that is not known is taken for the
	// variable of the same name.
	Variable string
	// Text is the value, where it stands in the word itself.
	Text string
	// NeedsNext says that the value is the next word.
	NeedsNext bool
	// Adds says that the value is added to a list instead of replacing it.
	Adds bool
}

// ParseOption reads one word: --flag, --flag=TEXT, -x or -xTEXT. ok is false for a
// word that is no flag.
func ParseOption(v Version, word string) (o Option, ok bool) {
	setting, text, hasText, known := Setting{}, "", false, false
	switch {
	case strings.HasPrefix(word, "--") && len(word) > len("--"):
		var name string
		name, text, hasText = strings.Cut(word[len("--"):], "=")
		o.Variable = VariableOf(v, name)
		setting, known = ByFlag(v, name)
	case strings.HasPrefix(word, "-") && len(word) > len("-") && word[1] != '-':
		if setting, known = ByShorthand(v, word[1:2]); !known {
			return Option{}, false
		}
		text = strings.TrimPrefix(word[2:], "=")
		o.Variable, hasText = setting.Variable, text != ""
	default:
		return Option{}, false
	}
	o.Text, o.Adds = text, known && setting.Type == TypeList
	switch {
	case hasText:
	case known && setting.Type == TypeBool:
		o.Text = "true"
	default:
		o.NeedsNext = true
	}
	return o, true
}

// VariableOf is the variable that a flag, given without its dashes, stands for.
func VariableOf(v Version, flag string) string {
	if s, ok := ByFlag(v, flag); ok && s.Variable != "" {
		return s.Variable
	}
	return "CODER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
