package postgrestest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) data() string { return filepath.Join(s.Dir, "data") }

// confFile holds the settings of Options, beside those that initdb chose.
const confFile = "postgrestest.conf"

// initialize makes the data directory: a new cluster, or a copy of the primary.
func (s *Server) initialize(ctx context.Context) error {
	if s.options.StandbyOf != nil {
		return s.copyPrimary(ctx)
	}
	if err := s.account.writeFile(filepath.Join(s.Dir, "password"), s.Password+"\n"); err != nil {
		return err
	}
	err := s.command(ctx, "initdb", "-D", s.data(), "-U", Superuser, "--pwfile", filepath.Join(s.Dir, "password"),
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	if err != nil {
		return err
	}
	conf, err := os.ReadFile(filepath.Join(s.data(), "postgresql.conf"))
	if err != nil {
		return err
	}
	return s.account.writeFile(filepath.Join(s.data(), "postgresql.conf"), string(conf)+"\ninclude '"+confFile+"'\n")
}

// copyPrimary makes a standby from a base backup that the primary's own files
// give, so that it needs no pg_basebackup, which some packages leave out.
func (s *Server) copyPrimary(ctx context.Context) error {
	primary := s.options.StandbyOf
	conn, err := primary.Connect(ctx, "postgres")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	start, stop := "pg_backup_start('standby', true)", "pg_backup_stop(false)"
	var version int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return err
	}
	if version < 150000 {
		start, stop = "pg_start_backup('standby', true, false)", "pg_stop_backup(false, false)"
	}
	if _, err := conn.Exec(ctx, "SELECT "+start); err != nil {
		return err
	}
	if err := os.CopyFS(s.data(), os.DirFS(primary.data())); err != nil {
		return fmt.Errorf("copy the primary: %w", err)
	}
	var label string
	if err := conn.QueryRow(ctx, "SELECT labelfile FROM "+stop).Scan(&label); err != nil {
		return err
	}
	for _, name := range []string{"postmaster.pid", "postmaster.opts"} {
		_ = os.Remove(filepath.Join(s.data(), name))
	}
	for name, text := range map[string]string{"backup_label": label, "standby.signal": ""} {
		if err := s.account.writeFile(filepath.Join(s.data(), name), text); err != nil {
			return err
		}
	}
	return s.account.own(s.data())
}

// configure writes the settings and pg_hba.conf for the port in force.
func (s *Server) configure() error {
	settings := map[string]string{
		"listen_addresses":        s.Host,
		"port":                    strconv.Itoa(s.Port),
		"unix_socket_directories": s.Dir,
		"fsync":                   "off",
		"synchronous_commit":      "off",
		"full_page_writes":        "off",
		"shared_buffers":          "16MB",
		"log_min_messages":        "warning",
		"lc_messages":             "C",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
	}
	if c := s.options.Certificate; c != nil {
		for name, text := range map[string]string{"server.crt": c.Chain, "server.key": c.Key} {
			if err := s.account.writeFile(filepath.Join(s.data(), name), text); err != nil {
				return err
			}
		}
		settings["ssl"] = "on"
	}
	if p := s.options.StandbyOf; p != nil {
		settings["primary_conninfo"] = fmt.Sprintf("host=%s port=%d user=%s password='%s'", p.Host, p.Port, Superuser, p.Password)
	}
	maps.Copy(settings, s.options.Settings)
	var conf strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&conf, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	hba := s.options.HBA
	if len(hba) == 0 {
		hba = []string{
			"local all all scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256", "host all all ::1/128 scram-sha-256",
			"host replication all 127.0.0.1/32 scram-sha-256",
		}
	}
	for name, text := range map[string]string{confFile: conf.String(), "pg_hba.conf": strings.Join(hba, "\n") + "\n"} {
		if err := s.account.writeFile(filepath.Join(s.data(), name), text); err != nil {
			return err
		}
	}
	return nil
}

// command runs a program of the server's package as the server's user.
func (s *Server) command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.options.Binaries, name), args...)
	s.account.apply(cmd, s.Dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w:\n%s", name, err, out)
	}
	return nil
}
