package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// stage is where commands are shown and run.
type stage struct {
	helm  string
	dir   string
	env   []string
	color bool
	// secret must not appear in anything that a command prints.
	secret string
}

// expect says how a command has to end.
type expect struct {
	// code is the exit code.
	code int
	// id is the check that has to be named in the output.
	id string
}

// say tells what comes next.
func (s *stage) say(text string) {
	const bold, plain = "\x1b[1m", "\x1b[0m"
	if s.color {
		text = bold + text + plain
	}
	fmt.Printf("\n==> %s\n", text)
}

// run shows a helm command, runs it and prints all of what it says.
func (s *stage) run(ctx context.Context, want expect, args ...string) error {
	fmt.Println("$ helm", strings.Join(args, " "))
	result, err := s.helmCommand(ctx, args...)
	if err != nil {
		return err
	}
	fmt.Print(result.Stdout, result.Stderr)
	return want.meets(result, args)
}

// validate shows a values file, runs the plugin on it and prints the report;
// what passed is left out of a report that has findings, and that is said.
func (s *stage) validate(ctx context.Context, values string, want expect) error {
	text, err := os.ReadFile(filepath.Join(s.dir, values))
	if err != nil {
		return fmt.Errorf("show the values: %w", err)
	}
	fmt.Printf("$ cat %s\n%s", values, text)
	args := []string{"coder-ha", "validate", "-f", values}
	fmt.Println("$ helm", strings.Join(args, " "))
	if s.color {
		args = append(args, "--color", "always")
	}
	result, err := s.helmCommand(ctx, args...)
	if err != nil {
		return err
	}
	shown, left := result.Stdout, 0
	if want.code != 0 {
		shown, left = findings(result.Stdout)
	}
	fmt.Print(shown, result.Stderr)
	if left > 0 {
		fmt.Printf("(%d lines about what is not wrong are left out here)\n", left)
	}
	fmt.Printf("$ echo $?\n%d\n", result.Code)
	return want.meets(result, args)
}

// proven asks for the report in JSON, which is not shown, and checks what the
// text claims: a pass, a Postgres that answered, a relay URL of its own for
// each replica.
func (s *stage) proven(ctx context.Context, values string) error {
	result, err := s.helmCommand(ctx, "coder-ha", "validate", "-f", values, "-o", "json")
	if err != nil {
		return err
	}
	var report struct {
		Verdict  string
		Postgres struct {
			Reachable     bool
			ServerVersion string
		}
		Deployment struct {
			Replicas []struct{ RelayURL string }
		}
	}
	if err := json.Unmarshal([]byte(result.Stdout), &report); err != nil {
		return fmt.Errorf("read the JSON report: %w", err)
	}
	relays := map[string]bool{}
	for _, r := range report.Deployment.Replicas {
		relays[r.RelayURL] = true
	}
	switch {
	case report.Verdict != "pass":
		return fmt.Errorf("the verdict is %q instead of pass", report.Verdict)
	case !report.Postgres.Reachable || report.Postgres.ServerVersion == "":
		return errors.New("the report does not say that Postgres answered")
	case len(relays) != 3:
		return fmt.Errorf("there are %d relay URLs instead of 3", len(relays))
	}
	return nil
}

// helmCommand runs helm to its end and holds its output to the first promise.
func (s *stage) helmCommand(ctx context.Context, args ...string) (command.Result, error) {
	result, err := command.Command{Path: s.helm, Args: args, Dir: s.dir, Env: s.env}.Run(ctx)
	if err != nil {
		return result, err
	}
	if s.secret != "" && strings.Contains(result.Stdout+result.Stderr, s.secret) {
		return result, fmt.Errorf("helm %s printed the database password", strings.Join(args, " "))
	}
	return result, nil
}

// meets compares how a command ended with how it has to.
func (e expect) meets(result command.Result, args []string) error {
	name := "helm " + strings.Join(args, " ")
	if result.Code != e.code {
		return fmt.Errorf("%s ended with %d instead of %d", name, result.Code, e.code)
	}
	if !strings.Contains(result.Stdout, e.id) {
		return fmt.Errorf("%s did not name %s", name, e.id)
	}
	return nil
}

// findings are the parts of a report with something wrong in it: each failed
// line with what is indented below it, and the summary. left is the number of
// lines without them.
func findings(report string) (shown string, left int) {
	var kept strings.Builder
	lines := strings.SplitAfter(strings.TrimRight(report, "\n"), "\n")
	keep, summary := false, false
	for _, line := range lines {
		if !strings.HasPrefix(line, " ") {
			keep = strings.Contains(line, "×")
			summary = summary || strings.Contains(line, " passed, ") && strings.Contains(line, " skipped")
		}
		if keep || summary {
			kept.WriteString(line)
		} else {
			left++
		}
	}
	return kept.String() + "\n", left
}
