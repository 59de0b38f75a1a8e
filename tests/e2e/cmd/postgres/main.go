// Command postgres makes a Postgres data folder on its first run and then
// becomes the Postgres server. It is the entry point of the tests' Postgres
// image, whose server is the machine's own package.
//
// Environment: PGBIN, the folder of the server's programs; PGDATA, its data
// folder; POSTGRES_PASSWORD, the password of the user "coder", who owns the
// database "coder".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if err := run(os.Getenv("PGBIN"), os.Getenv("PGDATA"), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "postgres:", err)
		os.Exit(1)
	}
}

func run(bin, data string, args []string) error {
	server := filepath.Join(bin, "postgres")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		if err := initialize(context.Background(), bin, server, data); err != nil {
			return err
		}
	}
	// A server that was lost with its node leaves its lock file; its number is
	// ours too, in a namespace of our own.
	if err := os.Remove(filepath.Join(data, "postmaster.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the lock of a lost server: %w", err)
	}
	argv := append([]string{server, "-D", data, "-c", "listen_addresses=*", "-c", "unix_socket_directories="}, args...)
	if err := syscall.Exec(server, argv, os.Environ()); err != nil {
		return fmt.Errorf("starting %s: %w", server, err)
	}
	return nil
}

func initialize(ctx context.Context, bin, server, data string) error {
	password := data + ".password"
	if err := os.WriteFile(password, []byte(os.Getenv("POSTGRES_PASSWORD")+"\n"), 0o600); err != nil {
		return fmt.Errorf("handing over the password: %w", err)
	}
	defer os.Remove(password)
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata", data, "--username=coder", "--pwfile", password,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.Stdout, initdb.Stderr = os.Stdout, os.Stderr
	if err := initdb.Run(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	hba, err := os.OpenFile(filepath.Join(data, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("letting clients in: %w", err)
	}
	if _, err := hba.WriteString("host all all all scram-sha-256\n"); err != nil {
		return fmt.Errorf("letting clients in: %w", err)
	}
	if err := hba.Close(); err != nil {
		return fmt.Errorf("letting clients in: %w", err)
	}
	create := exec.CommandContext(ctx, server, "--single", "-D", data, "postgres")
	create.Stdin = strings.NewReader("CREATE DATABASE coder;\n")
	create.Stdout, create.Stderr = os.Stdout, os.Stderr
	if err := create.Run(); err != nil {
		return fmt.Errorf("creating the database: %w", err)
	}
	return nil
}
