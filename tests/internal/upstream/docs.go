package upstream

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Example is a fenced block of Coder's own documentation.
type Example struct {
	// Page is the file below docs/ and Line the one on which the block opens.
	Page string
	Line int
	// Language is the word behind the fence.
	Language string
	Text     string
}

// Examples are the fenced blocks of the documentation that lies in the newest module
// of Coder, in the order of pages and lines.
func Examples(ctx context.Context) ([]Example, error) {
	dir, err := find(ctx, Releases[0])
	if err != nil {
		return nil, err
	}
	docs := filepath.Join(dir, "docs")
	var all []Example
	err = filepath.WalkDir(docs, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		page, err := filepath.Rel(docs, path)
		if err != nil {
			return err
		}
		found, err := examples(path, page)
		all = append(all, found...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the documentation of Coder: %w", err)
	}
	return all, nil
}

// examples reads one page. A block inside a list is indented, and its lines lose
// as much as its fence has.
func examples(path, page string) ([]Example, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var all []Example
	var open *Example
	var indent string
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		rest := strings.TrimLeft(line, " \t")
		switch {
		case open == nil && strings.HasPrefix(rest, "```"):
			indent = line[:len(line)-len(rest)]
			language, _, _ := strings.Cut(strings.TrimLeft(rest, "`"), " ")
			open = &Example{Page: filepath.ToSlash(page), Line: n, Language: language}
		case open != nil && strings.HasPrefix(rest, "```"):
			all = append(all, *open)
			open = nil
		case open != nil:
			open.Text += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	return all, lines.Err()
}
