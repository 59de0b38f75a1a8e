// Command demo shows the plugin at work: it checks three replicas against a
// throw-away Postgres through the real helm, then makes two typical mistakes and
// shows them caught. It leaves nothing behind, and it fails when anything was
// not as it says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// limit bounds the whole demo; it takes a few seconds.
const limit = 5 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := demo(ctx)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "\ndemo: interrupted, and everything is cleaned up")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "\ndemo: not as it should be:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
	defer cancel()
	started := time.Now()

	home, err := os.MkdirTemp("", "coder-ha-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for Helm: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	s, err := newStage(home)
	if err != nil {
		return err
	}

	s.say("A throw-away Postgres on loopback stands in for yours.")
	server, err := postgrestest.Start(ctx, postgrestest.Options{})
	if err != nil {
		return fmt.Errorf("start Postgres: %w", err)
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	url, err := server.CreateDatabase(ctx, "coder")
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	s.secret = server.Password
	fmt.Printf("It listens on %s.\n", server.Address())

	s.say("The plugin is installed into the real Helm, in a folder of its own.")
	if err := s.run(ctx, expect{}, "plugin", "install", "../../plugin"); err != nil {
		return err
	}

	s.say("Three replicas, checked with the database before anything is installed.")
	fmt.Printf("$ export CODER_PG_CONNECTION_URL=postgres://coder:...@%s/coder\n", server.Address())
	s.env = append(s.env, "CODER_PG_CONNECTION_URL="+url)
	if err := s.validate(ctx, "three-replicas.yaml", expect{}); err != nil {
		return err
	}
	if err := s.proven(ctx, "three-replicas.yaml"); err != nil {
		return err
	}

	s.say("First mistake: a relay URL that is the access URL. Coder itself would not notice.")
	if err := s.validate(ctx, "relay-is-access-url.yaml", expect{code: 1, id: "relay-url-equals-access-url"}); err != nil {
		return err
	}
	s.say("Second mistake: three replicas without a database to share.")
	if err := s.validate(ctx, "no-database.yaml", expect{code: 1, id: "postgres-url-missing"}); err != nil {
		return err
	}

	fmt.Printf("\nAll as expected: the sound deployment passed, both mistakes were caught (%.1f s).\n",
		time.Since(started).Seconds())
	return nil
}

// newStage finds what was built and gives Helm folders of its own below home.
func newStage(home string) (*stage, error) {
	helm, err := checkout.Helm3()
	if err != nil {
		return nil, err
	}
	if _, err := checkout.PluginDir(); err != nil {
		return nil, err
	}
	here, err := checkout.Path("tests/demo")
	if err != nil {
		return nil, err
	}
	return &stage{helm: helm, dir: here, env: command.Environment(filepath.Join(home, "helm")), color: terminal()}, nil
}

// terminal says whether a person looks at standard output and wants color.
func terminal() bool {
	info, err := os.Stdout.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
