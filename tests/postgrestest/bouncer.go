package postgrestest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Bouncer is a PgBouncer in front of a server.
type Bouncer struct {
	// Host and Port are where it listens.
	Host   string
	Port   int
	dir    string
	end    context.CancelFunc
	exited chan struct{}
}

// errNoBouncer names the target that installs PgBouncer.
var errNoBouncer = errors.New("no pgbouncer on this machine: run `make postgres`")

func bouncerBinary() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	const debian = "/usr/sbin/pgbouncer"
	if _, err := os.Stat(debian); err != nil {
		return "", errNoBouncer
	}
	return debian, nil
}

// StartBouncer starts PgBouncer in a pool mode, session or transaction, for the
// users that it is told. Settings go into the section [pgbouncer]. Stop must be
// called, and ends it.
func StartBouncer(ctx context.Context, s *Server, mode string, users []string, settings map[string]string) (*Bouncer, error) {
	binary, err := bouncerBinary()
	if err != nil {
		return nil, err
	}
	dir, err := s.account.makeTempDir()
	if err != nil {
		return nil, err
	}
	b := &Bouncer{Host: s.Host, dir: dir, exited: make(chan struct{})}
	if err := b.start(ctx, s, binary, mode, users, settings); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

func (b *Bouncer) start(ctx context.Context, s *Server, binary, mode string, users []string, settings map[string]string) error {
	var err error
	if b.Port, err = freePort(ctx, b.Host); err != nil {
		return err
	}
	var list strings.Builder
	for _, user := range users {
		fmt.Fprintf(&list, "%q %q\n", user, s.Password)
	}
	all := map[string]string{
		"listen_addr": b.Host, "listen_port": fmt.Sprint(b.Port), "unix_socket_dir": "", "auth_type": "scram-sha-256",
		"auth_file": filepath.Join(b.dir, "users.txt"), "pool_mode": mode, "ignore_startup_parameters": "extra_float_digits",
	}
	maps.Copy(all, settings)
	var conf strings.Builder
	fmt.Fprintf(&conf, "[databases]\n* = host=%s port=%d\n[pgbouncer]\n", s.Host, s.Port)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&conf, "%s = %s\n", name, all[name])
	}
	for name, text := range map[string]string{"users.txt": list.String(), "pgbouncer.ini": conf.String()} {
		if err := s.account.writeFile(filepath.Join(b.dir, name), text); err != nil {
			return err
		}
	}
	return b.run(ctx, s.account, binary)
}

// run starts the program and waits for the line that says it is up.
func (b *Bouncer) run(ctx context.Context, who account, binary string) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	b.end = end
	cmd := exec.CommandContext(life, binary, filepath.Join(b.dir, "pgbouncer.ini"))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopPatience
	who.apply(cmd, b.dir)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		close(b.exited)
		return fmt.Errorf("start pgbouncer: %w", err)
	}
	said, ready := &tail{}, make(chan struct{})
	go func() {
		defer close(b.exited)
		waiting := true
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			said.add(lines.Text())
			if waiting && strings.Contains(lines.Text(), "process up") {
				waiting = false
				close(ready)
			}
		}
		_ = cmd.Wait()
	}()
	select {
	case <-ready:
		return nil
	case <-b.exited:
		return fmt.Errorf("pgbouncer ended before it was ready:\n%s", said)
	case <-ctx.Done():
		return fmt.Errorf("pgbouncer was not ready in time: %w:\n%s", context.Cause(ctx), said)
	}
}

// Stop ends PgBouncer and removes its directory.
func (b *Bouncer) Stop() error {
	if b.end != nil {
		b.end()
		<-b.exited
	}
	return os.RemoveAll(b.dir)
}
