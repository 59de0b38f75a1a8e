package run

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
	"github.com/coder-ha/coder-ha/plugin/internal/wholefile"
)

// FactsFiles are the files of evidence that a run reads and writes.
type FactsFiles struct {
	// In has the evidence to judge instead of gathering any, "-" for standard input.
	In string
	// Out takes what was gathered.
	Out string
}

// check says which file cannot be written, before anything is gathered.
func (f FactsFiles) check() error {
	if f.Out == "" {
		return nil
	}
	if err := wholefile.Check(f.Out); err != nil {
		return fmt.Errorf("--facts-out: %w", err)
	}
	return nil
}

// ShowFacts says what is in a facts file.
func ShowFacts(ctx context.Context, path string, streams Streams) error {
	found, err := readFacts(ctx, path, streams.In)
	if err != nil {
		return err
	}
	return report.FactsPage(streams.Out, found)
}

// readFacts reads the evidence that another run wrote.
func readFacts(ctx context.Context, path string, in io.Reader) (*facts.Facts, error) {
	name := path
	if path == "-" {
		name = standardInput
	}
	text, err := within(ctx, func() ([]byte, error) {
		if path == "-" {
			return limits.Read(ctx, in, standardInput, limits.Facts)
		}
		return limits.ReadFile(ctx, path, limits.Facts)
	})
	if err != nil {
		return nil, fmt.Errorf("read the facts: %w", err)
	}
	found, err := facts.Decode(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return found, nil
}

// writeFacts writes the evidence for another run. What servers and charts said goes
// into it without the secrets of this run.
func writeFacts(path string, found *facts.Facts, streams Streams) error {
	var encoded bytes.Buffer
	if err := facts.Encode(&encoded, found); err != nil {
		return err
	}
	text, hidden, err := withoutSecrets(encoded.Bytes(), streams.Secrets)
	if err != nil {
		return err
	}
	if err := wholefile.Write(path, text); err != nil {
		return fmt.Errorf("--facts-out: %w", err)
	}
	if hidden {
		streams.Say("a secret is hidden in " + path + ": what rests on its text may be judged otherwise from there")
	}
	return nil
}

// withoutSecrets hides secrets in the texts of a JSON document, and writes it with
// characters that every screen shows.
func withoutSecrets(document []byte, known *secrets.Known) (text []byte, hidden bool, err error) {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, false, err
	}
	tree = hideIn(tree, func(was string) string {
		now := known.Hide(was)
		hidden = hidden || now != was
		return now
	})
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(tree); err != nil {
		return nil, false, err
	}
	return asciiJSON(out.String()), hidden, nil
}

// hideIn changes every text of a tree but its keys, which are names.
func hideIn(tree any, change func(string) string) any {
	switch t := tree.(type) {
	case string:
		return change(t)
	case []any:
		for i := range t {
			t[i] = hideIn(t[i], change)
		}
	case map[string]any:
		for key := range t {
			t[key] = hideIn(t[key], change)
		}
	}
	return tree
}

// asciiJSON is a JSON document whose other characters are escaped.
func asciiJSON(document string) []byte {
	var out bytes.Buffer
	for _, r := range document {
		switch {
		case r < 0x7F:
			out.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}
