// Command fetchmajors brings the Postgres server of each major version that the
// tests run against into .cache/postgres, from the npm packages that carry
// their binaries. What is there already is not fetched again.
package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := fetchAll(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "fetchmajors: %v\n", err)
		os.Exit(1)
	}
}

func fetchAll(ctx context.Context) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("the packages are pinned for linux/amd64, this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	for _, m := range postgrestest.Majors {
		dir, err := postgrestest.MajorDir(m.Number)
		if err != nil {
			return err
		}
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		fmt.Fprintf(os.Stderr, "fetchmajors: Postgres %s\n", m.Version)
		if err := fetch(ctx, m, dir); err != nil {
			return fmt.Errorf("fetch Postgres %d: %w", m.Number, err)
		}
	}
	return nil
}

// fetch brings one version to dir, all of it or nothing.
func fetch(ctx context.Context, m postgrestest.Major, dir string) error {
	if err := installNPM(ctx); err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(parent, "fetch-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	archive, err := pack(ctx, m, work)
	if err != nil {
		return err
	}
	if err := verify(archive, m.Integrity); err != nil {
		return err
	}
	native := filepath.Join(work, "native")
	if err := unpack(archive, native); err != nil {
		return err
	}
	if err := link(native); err != nil {
		return err
	}
	return os.Rename(native, dir)
}

// installNPM installs npm from the system's packages where there is none.
func installNPM(ctx context.Context) error {
	if _, err := exec.LookPath("npm"); err == nil {
		return nil
	}
	script, err := checkout.Path("tests/tools/system-packages")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, script, "npm")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

func pack(ctx context.Context, m postgrestest.Major, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "npm", "pack", postgrestest.MajorsPackage+"@"+m.Version, "--silent", "--pack-destination", dir)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("npm pack: %w:\n%s", err, stderr.String())
	}
	lines := strings.Fields(string(out))
	if len(lines) == 0 {
		return "", errors.New("npm pack named no file")
	}
	return filepath.Join(dir, lines[len(lines)-1]), nil
}

// verify compares an archive with its Subresource Integrity string.
func verify(archive, integrity string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != integrity {
		return fmt.Errorf("%s has the checksum %s, not %s", filepath.Base(archive), got, integrity)
	}
	return nil
}

// unpack writes the files below package/native of an archive to dir.
func unpack(archive, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	for reader := tar.NewReader(plain); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, below := strings.CutPrefix(path.Clean(header.Name), "package/native/")
		if !below || header.Typeflag != tar.TypeReg {
			continue
		}
		if err := write(root, name, reader, header.FileInfo().Mode()); err != nil {
			return err
		}
	}
}

func write(root *os.Root, name string, from io.Reader, mode os.FileMode) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	permissions := os.FileMode(0o644)
	if mode&0o100 != 0 || strings.HasPrefix(name, "bin/") {
		permissions = 0o755
	}
	file, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, permissions)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, from); err != nil {
		return errors.Join(err, file.Close())
	}
	return file.Close()
}

// link makes the symbolic links that the package lists, for archives of npm
// have none.
func link(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "pg-symlinks.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, l := range links {
		target := strings.TrimPrefix(l.Target, "native/")
		to, err := filepath.Rel(path.Dir(target), strings.TrimPrefix(l.Source, "native/"))
		if err != nil {
			return err
		}
		if err := root.Symlink(to, target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
