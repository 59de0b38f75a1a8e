// Command coderd-options asks the option library of a real coderd, the one that
// the module file pins: go.mod the newest version that the Go module proxy
// serves, v2.24.0.mod and its like older ones.
//
//	go run . list                        the options of `coder server` and of `coder`, as JSON
//	go run -modfile=v2.24.0.mod . list   those of Coder 2.24.0
//	go run . read                        for each start of coderd on standard input, a
//	                                     line of JSON, the settings that it makes of it
//	go run . connect                     for each connection URL on standard input, a line
//	                                     of JSON, what Coder's driver makes of it
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

var errUsage = errors.New("usage: coderd-options list|read|connect")

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "coderd-options:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errUsage
	}
	// The cache directory's default is otherwise that of whoever runs this.
	if err := os.Setenv("CLIDOCGEN_CACHE_DIRECTORY", "~/.cache"); err != nil {
		return fmt.Errorf("setting the cache directory: %w", err)
	}
	switch args[0] {
	case "list":
		return list(out)
	case "read":
		return read(in, out)
	case "connect":
		return connect(in, out)
	default:
		return errUsage
	}
}
