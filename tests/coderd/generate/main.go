// Command generate writes the table of the settings of `coder server`, as Go
// source for plugin/internal/coder, from the options of each Coder that a module
// file of this folder's parent pins. It runs there:
//
//	go run ./generate -o ../../plugin/internal/coder/settings_gen.go
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const coderModule = "github.com/coder/coder/v2"

func main() {
	output := flag.String("o", "", "the file to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := generate(ctx, *output)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(ctx context.Context, output string) error {
	if output == "" {
		return errors.New("no file to write: give -o")
	}
	files, err := filepath.Glob("v*.mod")
	if err != nil {
		return fmt.Errorf("listing the module files: %w", err)
	}
	var releases []release
	for _, file := range append(files, "go.mod") {
		r, err := read(ctx, file)
		if err != nil {
			return fmt.Errorf("reading the options of the Coder that %s pins: %w", file, err)
		}
		releases = append(releases, r)
	}
	slices.SortFunc(releases, func(a, b release) int { return cmp.Compare(a.minor, b.minor) })
	source, err := render(releases)
	if err != nil {
		return err
	}
	if err := os.WriteFile(output, source, 0o644); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// release is a version of Coder and its options.
type release struct {
	version string
	minor   int
	known
}

// known is what `list` of the folder above says.
type known struct {
	Options, Globals []option
	Commands         []string
}

// option is what it says of an option.
type option struct {
	Name, Variable, Flag, Shorthand, YAML, Type, Default, SameAs string
	Choices                                                      []string
	Computed, Hidden, Secret, Validated                          bool
}

// key is what an option is known by from version to version.
func (o option) key() string { return cmp.Or(o.Variable, o.Flag, o.YAML) }

func read(ctx context.Context, modfile string) (release, error) {
	version, err := goCommand(ctx, "list", "-modfile="+modfile, "-m", "-f", "{{.Version}}", coderModule)
	if err != nil {
		return release{}, err
	}
	r := release{version: strings.TrimPrefix(strings.TrimSpace(string(version)), "v")}
	parts := strings.Split(r.version, ".")
	if len(parts) != 3 || parts[0] != "2" {
		return release{}, fmt.Errorf("version %s is not one of Coder 2", r.version)
	}
	if r.minor, err = strconv.Atoi(parts[1]); err != nil {
		return release{}, fmt.Errorf("reading version %s: %w", r.version, err)
	}
	text, err := goCommand(ctx, "run", "-modfile="+modfile, ".", "list")
	if err != nil {
		return release{}, err
	}
	if err := json.Unmarshal(text, &r.known); err != nil {
		return release{}, fmt.Errorf("reading the list of options: %w", err)
	}
	return r, nil
}

// goCommand runs go, whose errors the user sees.
func goCommand(ctx context.Context, args ...string) ([]byte, error) {
	var out bytes.Buffer
	command := exec.CommandContext(ctx, "go", args...)
	command.Stdout, command.Stderr = &out, os.Stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return out.Bytes(), nil
}
