package coder

import (
	"slices"
	"strings"
)

// commandLine reads flags as Coder's option library does (spf13/pflag): a flag's
// value stands behind "=" or is the next word, whatever that is; a switch takes
// only the former; flags of one letter may be run together; "--" ends the flags.
type commandLine struct {
	// flags may hold two of one name; the first one counts.
	flags []Setting
	plain func(string) (string, bool)
	// set takes the value of a flag and the index of the flag's word, and returns
	// what is wrong with it.
	set     func(s Setting, text string, word int) string
	version Version
	// next is the word behind what stopped the reading.
	next int

	// rest are the words that are no flags, up to what stopped the reading.
	rest []string
	// given are the flags that were given, by name, with their last value.
	given map[string]string
	// unknown says that a word that is not known may be a flag.
	unknown bool
	// help or problem is what stopped the reading.
	help    bool
	problem *Problem
}

// read reads up to the first thing that is wrong.
func (c *commandLine) read(args []string) {
	for c.next < len(args) && !c.help && c.problem == nil {
		c.word(args)
	}
}

// beyond sets the flags behind what is wrong, too; coderd has ended before.
func (c *commandLine) beyond(args []string) {
	for more := *c; more.problem != nil && more.next < len(args) && !more.help; {
		more.word(args)
	}
}

// word reads the next word, and those that belong to it.
func (c *commandLine) word(args []string) {
	i := c.next
	word := args[i]
	_, known := c.plain(word)
	switch {
	case word == "--":
		c.rest = append(c.rest, args[i+1:]...)
		i = len(args)
	case strings.HasPrefix(word, "--"):
		i = c.long(args, i)
	case strings.HasPrefix(word, "-") && word != "-":
		i = c.short(args, i)
	case !known:
		c.unknown = true
	default:
		c.rest = append(c.rest, word)
	}
	c.next = i + 1
}

// long reads the flag of word i and returns the last word that it took.
func (c *commandLine) long(args []string, i int) int {
	name, text, hasText := strings.Cut(args[i][2:], "=")
	if name == "" || name[0] == '-' {
		return c.stop(i, "a flag has no name", nil)
	}
	at := slices.IndexFunc(c.flags, func(s Setting) bool { return s.Flag == name })
	switch {
	case at < 0 && name == "help":
		c.help = true
		return i
	case at < 0:
		return c.stop(i, "there is no flag --"+name, func(s *Setting) bool { return s.Flag == name })
	case hasText:
		return c.take(c.flags[at], text, i, i)
	case c.flags[at].Type == TypeBool:
		return c.take(c.flags[at], "true", i, i)
	case i+1 < len(args):
		return c.take(c.flags[at], args[i+1], i, i+1)
	}
	return c.stop(i, "flag --"+name+" has no value", nil)
}

// short reads the flags of one letter in word i and returns the last word that
// they took.
func (c *commandLine) short(args []string, i int) int {
	for letters := args[i][1:]; letters != ""; letters = letters[1:] {
		name := letters[:1]
		at := slices.IndexFunc(c.flags, func(s Setting) bool { return s.Shorthand == name })
		switch {
		case at < 0 && name == "h":
			c.help = true
			return i
		case at < 0:
			return c.stop(i, "there is no flag -"+name, func(s *Setting) bool { return s.Shorthand == name })
		case len(letters) > 2 && letters[1] == '=':
			return c.take(c.flags[at], letters[2:], i, i)
		case c.flags[at].Type == TypeBool:
			if c.take(c.flags[at], "true", i, i); c.problem != nil {
				return i
			}
		case len(letters) > 1:
			return c.take(c.flags[at], letters[1:], i, i)
		case i+1 < len(args):
			return c.take(c.flags[at], args[i+1], i, i+1)
		default:
			return c.stop(i, "flag -"+name+" has no value", nil)
		}
	}
	return i
}

// take sets a flag that stands in one word and has its value from up to another.
func (c *commandLine) take(s Setting, text string, word, last int) int {
	if reason := c.set(s, text, word); reason != "" {
		c.wrong(Problem{Setting: s, At: At{FromFlag, word}, Reason: reason})
	}
	if c.problem == nil {
		c.given[s.Flag] = text
	}
	return last
}

// stop notes what is wrong with a word; other releases may have what is not known
// here.
func (c *commandLine) stop(word int, reason string, known func(*Setting) bool) int {
	p := Problem{At: At{FromFlag, word}, Reason: reason}
	if known != nil {
		p.Doubt = doubt(c.version, known)
	}
	c.wrong(p)
	return word
}

// wrong keeps the first problem.
func (c *commandLine) wrong(p Problem) {
	if c.problem == nil {
		c.problem = &p
	}
}
