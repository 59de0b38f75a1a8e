// Package command runs programs in an environment that holds nothing of the
// machine that the tests run on.
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// PluginsDir is where Helm keeps the plugins of such an environment.
func PluginsDir(dir string) string { return filepath.Join(dir, "helm", "data", "plugins") }

// Environment makes an environment whose home and Helm folders are below dir
// and which knows no cluster, no proxy and no setting of Coder or Postgres.
// The more entries, NAME=VALUE, are added last and win.
func Environment(dir string, more ...string) []string {
	helm := filepath.Join(dir, "helm")
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + dir,
		"TMPDIR=" + os.TempDir(),
		"LANG=C.UTF-8",
		"KUBECONFIG=" + filepath.Join(dir, "no-kubeconfig"),
		"HELM_CACHE_HOME=" + filepath.Join(helm, "cache"),
		"HELM_CONFIG_HOME=" + filepath.Join(helm, "config"),
		"HELM_DATA_HOME=" + filepath.Join(helm, "data"),
	}, more...)
}

// Result is what a program left when it ended.
type Result struct {
	Stdout string
	Stderr string
	// Code is the exit code, and -1 when a signal ended the program.
	Code int
	// Took is the time from the start of the process to its end.
	Took time.Duration
	// Peak is the most memory that one process had, in bytes, 0 where it is not known.
	Peak int64
}

// Command is a program to run.
type Command struct {
	Path  string
	Args  []string
	Dir   string
	Env   []string
	Stdin io.Reader
	// Quiet throws away what the program writes to standard output.
	Quiet bool
}

// Run runs the program to its end. An exit code is no error; a program that
// cannot be started or outlives the context is.
func (c Command) Run(ctx context.Context) (Result, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.Dir, c.Env, c.Stdin
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if c.Quiet {
		cmd.Stdout = nil
	}
	cmd.WaitDelay = time.Second
	start := time.Now()
	err := cmd.Run()
	result := Result{Stdout: stdout.String(), Stderr: stderr.String(), Took: time.Since(start)}
	if ctx.Err() != nil {
		return result, fmt.Errorf("run %s: %w", c.Path, context.Cause(ctx))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return result, fmt.Errorf("run %s: %w", c.Path, err)
	}
	result.Code, result.Peak = cmd.ProcessState.ExitCode(), peak(cmd.ProcessState)
	return result, nil
}
