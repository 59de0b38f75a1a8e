package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/coder/coder/v2/codersdk"
	"github.com/coder/serpent"
	"github.com/spf13/pflag"
)

// question is a start of coderd.
type question struct {
	// Env are name and value, in order.
	Env [][2]string `json:"env"`
	// Args stand after the program's name.
	Args []string `json:"args"`
	// Files are the files beside it, text by relative path.
	Files map[string]string `json:"files"`
}

// answer is what coderd makes of it.
type answer struct {
	// Error is the message with which it would end, if it would.
	Error string `json:"error,omitempty"`
	// Other is the command or the flag for which it would do something else than
	// serve.
	Other string `json:"other,omitempty"`
	// Invalid is the message with which it would end for what its settings are
	// together.
	Invalid string `json:"invalid,omitempty"`
	// Settings are by variable, or else flag, or else YAML key.
	Settings map[string]setting `json:"settings,omitempty"`
}

// setting is what a setting is in the end.
type setting struct {
	Text   string   `json:"text"`
	List   []string `json:"list,omitempty"`
	Source string   `json:"source,omitempty"`
}

// read answers each line of in, a question, with a line.
func read(in io.Reader, out io.Writer) error {
	dir, err := os.MkdirTemp("", "coderd-options-")
	if err != nil {
		return fmt.Errorf("making a folder for config files: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("entering the folder for config files: %w", err)
	}
	lines, encoder := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	for {
		var q question
		if err := lines.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a question: %w", err)
		}
		if err := place(q.Files); err != nil {
			return err
		}
		if err := encoder.Encode(ask(q)); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
		for name := range q.Files {
			if err := os.Remove(name); err != nil {
				return fmt.Errorf("removing a config file: %w", err)
			}
		}
	}
}

// place writes the files of a question into the current folder.
func place(files map[string]string) error {
	for name, text := range files {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("file %s is not in the current folder", name)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return fmt.Errorf("writing a config file: %w", err)
		}
	}
	return nil
}

// ask runs the commands of coderd that lead to the server, with the real options
// and the real option library, up to where it would start to serve.
func ask(q question) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Error: fmt.Sprint("panic: ", r)}
		}
	}()
	values := new(codersdk.DeploymentValues)
	options := values.Options()
	helped := func(i *serpent.Invocation) error {
		a.Other = cmp.Or(a.Other, "--help")
		return nil
	}
	ends := func(name string) func(i *serpent.Invocation) error {
		return func(*serpent.Invocation) error {
			a.Other = name
			return nil
		}
	}
	server := &serpent.Command{
		Use: "server", Options: options, HelpHandler: helped,
		// In this order stand Coder's WriteConfigMW and RequireNArgs.
		Middleware: serpent.Chain(func(next serpent.HandlerFunc) serpent.HandlerFunc {
			return func(i *serpent.Invocation) error {
				if values.WriteConfig {
					a.Other = "--write-config"
					return nil
				}
				return next(i)
			}
		}, serpent.RequireNArgs(0)),
		Handler: func(i *serpent.Invocation) error {
			a.Settings = settingsOf(i.Command.Options)
			if v, ok := any(values).(interface{ Validate() error }); ok {
				if err := v.Validate(); err != nil {
					a.Invalid = err.Error()
				}
			}
			return nil
		},
	}
	for _, name := range serverCommands() {
		server.AddSubcommands(&serpent.Command{Use: name, Handler: ends("server " + name)})
	}
	var debugOptions bool
	root := &serpent.Command{Use: "coder", Options: globalOptions(&debugOptions), Handler: ends("coder"), HelpHandler: helped}
	root.AddSubcommands(server)
	invocation := root.Invoke(q.Args...)
	for _, variable := range q.Env {
		invocation.Environ = append(invocation.Environ, serpent.ParseEnviron([]string{variable[0] + "=" + variable[1]}, "")...)
	}
	err := invocation.WithContext(context.Background()).Run()
	switch {
	case err != nil:
		return answer{Error: err.Error()}
	case a.Settings != nil && debugOptions:
		return answer{Other: "--debug-options"}
	}
	return a
}

// settingsOf reads the options that were set.
func settingsOf(options serpent.OptionSet) map[string]setting {
	out := make(map[string]setting, len(options))
	for _, o := range options {
		value := setting{Source: string(o.ValueSource), Text: o.Value.String()}
		if list, ok := underlying(o.Value).(pflag.SliceValue); ok {
			value.Text, value.List = "", list.GetSlice()
		}
		out[cmp.Or(o.Env, o.Flag, o.YAMLPath())] = value
	}
	return out
}
