package border

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is what a Writer draws in the place of what it drew before.
type screen struct {
	text strings.Builder
	// drawn says that a screen is shown already.
	drawn bool
}

// The orders to a terminal that a redraw needs (ECMA-48): CUP, ED and EL.
const (
	home        = "\x1b[H"
	clearScreen = home + "\x1b[2J"
	eraseBelow  = "\x1b[J"
	eraseRest   = "\x1b[K"
)

// Screen keeps what is written from now on for Draw. The stream is a terminal.
func (w *Writer) Screen() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.screen == nil {
		w.screen = &screen{}
	}
}

// Draw shows what was written since the last time, in the place of what was shown then,
// as far as the terminal has room for it. All of it leaves at once, so that nothing
// flickers.
func (w *Writer) Draw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	columns, rows := size(w.out)
	orders := home
	if !w.screen.drawn {
		orders = clearScreen
	}
	_, _ = io.WriteString(w.out, orders+drawing(w.screen.text.String(), columns, rows)+eraseBelow)
	w.screen.text.Reset()
	w.screen.drawn = true
}

// size is that of the terminal, as it is now; what does not say it is taken for an old
// one.
func size(w io.Writer) (columns, rows int) {
	const usualColumns, usualRows = 80, 24
	if file, ok := w.(*os.File); ok {
		columns, rows, err := term.GetSize(int(file.Fd()))
		if err == nil && columns > 0 && rows > 1 {
			return columns, rows
		}
	}
	return usualColumns, usualRows
}

// drawing is a text over what stands on a terminal. The last row stays free for the
// cursor, and the one before says what there was no room for.
func drawing(text string, columns, rows int) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var out strings.Builder
	room := rows - 1
	for i, line := range lines {
		taken := rowsOf(line, columns)
		if last := i == len(lines)-1; taken > room || taken == room && !last {
			more := []rune(fmt.Sprintf("… %d more lines", len(lines)-i))
			out.WriteString(eraseRest + string(more[:min(len(more), columns-1)]) + "\n")
			break
		}
		room -= taken
		out.WriteString(eraseRest + line)
		if width(line)%columns != 0 {
			// At the right edge the cursor still stands on the last character.
			out.WriteString(eraseRest)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// rowsOf is how many rows a line takes.
func rowsOf(line string, columns int) int { return max(1, (width(line)+columns-1)/columns) }

// width is how many columns a line takes: its colors take none.
func width(line string) int { return utf8.RuneCountInString(painted.ReplaceAllString(line, "")) }
