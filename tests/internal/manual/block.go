package manual

import (
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Block is a fenced block of a page.
type Block struct {
	// Language is the first word behind the fence, and Words are the others, which
	// say what the commands of the block need.
	Language string
	Words    []string
	Text     string
	Line     int
}

// Words that a block of commands can have behind its language.
const (
	// Cluster is for commands that need a cluster.
	Cluster = "cluster"
	// Hosts is for commands that need hosts on which coderd runs.
	Hosts = "hosts"
	// Machine is for commands that change the machine of the reader, or load something.
	Machine = "machine"
	// Helm3 and Helm4 are for commands that only one of both has.
	Helm3 = "helm3"
	Helm4 = "helm4"
	// exit begins the exit code of the last command.
	exit = "exit="
)

// Blocks are the fenced blocks of the page, from top to bottom.
func (p Page) Blocks() []Block {
	var blocks []Block
	each(p, func(f *ast.FencedCodeBlock) {
		b := Block{Text: string(f.Lines().Value(p.source))}
		if f.Info != nil {
			words := strings.Fields(string(f.Info.Segment.Value(p.source)))
			b.Line = p.line(f.Info.Segment.Start)
			b.Language, b.Words = words[0], words[1:]
		}
		blocks = append(blocks, b)
	})
	return blocks
}

// Needs says whether the block has a word.
func (b Block) Needs(word string) bool { return slices.Contains(b.Words, word) }

// Exit is the exit code that the last command of the block ends with.
func (b Block) Exit() (int, error) {
	for _, word := range b.Words {
		if code, ok := strings.CutPrefix(word, exit); ok {
			return strconv.Atoi(code)
		}
	}
	return 0, nil
}

// Known says whether all words of the block mean something.
func (b Block) Known() bool {
	for _, word := range b.Words {
		if !slices.Contains([]string{Cluster, Hosts, Machine, Helm3, Helm4}, word) && !strings.HasPrefix(word, exit) {
			return false
		}
	}
	return true
}

// File is the name of the file that the block shows, from its first line. It is
// empty if there is none.
func (b Block) File() string {
	first, _, _ := strings.Cut(b.Text, "\n")
	name, ok := strings.CutPrefix(first, "# ")
	if !ok || b.Language == "console" || strings.ContainsAny(name, " :") {
		return ""
	}
	return name
}

// Command is what a reader pastes, and what the page shows below it.
type Command struct {
	Line, Output string
	// Shown says that the page shows the output.
	Shown bool
}

// Commands are the commands of a block. If its first line has a prompt, what has none
// is output; otherwise each line is a command. A line that ends with a backslash goes
// on, and so does a here-document.
func (b Block) Commands() []Command {
	joined := strings.ReplaceAll(b.Text, "\\\n", "")
	if !strings.HasPrefix(joined, "$ ") {
		return []Command{{Line: strings.TrimSpace(joined)}}
	}
	var commands []Command
	for part := range strings.SplitSeq(strings.TrimPrefix(joined, "$ "), "\n$ ") {
		line, output, _ := strings.Cut(part, "\n")
		commands = append(commands, Command{Line: line, Output: output, Shown: strings.TrimSpace(output) != ""})
	}
	return commands
}
