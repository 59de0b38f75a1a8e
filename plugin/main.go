// Command coder-ha is a Helm plugin for highly available Coder deployments.
//
// It runs as `helm coder-ha` and, with the same flags, on its own.
package main

//go:generate sh -c "go run . explain --markdown > ../docs/checks.md"

import (
	"os"

	"github.com/coder-ha/coder-ha/plugin/internal/cli"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/guard/early"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

func main() {
	if early.Lost != nil {
		os.Exit(guard.Explain(early.Lost.State, early.Lost.Written))
	}
	guard.TraceTo(early.Trace)
	os.Exit(cli.Main(os.Args[1:], run.NewStreams(os.Stdin, os.Stdout, os.Stderr)))
}
