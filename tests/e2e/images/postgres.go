package images

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func goarch() string { return runtime.GOARCH }

// postgresImage packs the machine's newest Postgres server with the libraries
// that it loads. entry is the program of cmd/postgres.
func postgresImage(ctx context.Context, entry string) (image, error) {
	version, err := newestPostgres()
	if err != nil {
		return image{}, err
	}
	lib := "/usr/lib/postgresql/" + version
	share := "/usr/share/postgresql/" + version
	img := image{
		tag: Postgres, dirs: []string{"tmp"},
		files: map[string]string{"entry": entry},
		texts: map[string]string{"etc/passwd": "postgres:x:1000:1000::/tmp:/bin/sh\n", "etc/group": "postgres:x:1000:\n"},
		config: v1.Config{
			Entrypoint: []string{"/entry"}, User: "1000:1000",
			Env: []string{"PGBIN=" + lib + "/bin", "PGDATA=/data/pg", "TZ=UTC", "LC_ALL=C"},
			// A fast shutdown: SIGTERM would wait for every client to leave.
			StopSignal: "SIGINT",
		},
	}
	for _, program := range []string{"postgres", "initdb", "pg_ctl"} {
		if err := img.addProgram(ctx, filepath.Join(lib, "bin", program)); err != nil {
			return image{}, err
		}
	}
	// initdb runs the server through a shell.
	if err := img.addProgram(ctx, "/bin/sh"); err != nil {
		return image{}, err
	}
	for _, module := range []string{"plpgsql.so", "dict_snowball.so"} {
		if err := img.addProgram(ctx, filepath.Join(lib, "lib", module)); err != nil {
			return image{}, err
		}
	}
	conversions, err := filepath.Glob(filepath.Join(lib, "lib", "*_and_*.so"))
	if err != nil {
		return image{}, fmt.Errorf("listing Postgres' modules: %w", err)
	}
	for _, module := range conversions {
		img.add(module)
	}
	for _, dir := range []string{share, "/usr/share/zoneinfo/Etc"} {
		if err := img.addTree(dir); err != nil {
			return image{}, err
		}
	}
	return img, nil
}

func newestPostgres() (string, error) {
	servers, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", fmt.Errorf("looking for a Postgres server: %w", err)
	}
	newest := 0
	for _, server := range servers {
		number, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(server))))
		if err == nil {
			newest = max(newest, number)
		}
	}
	if newest < 13 {
		return "", errors.New("no Postgres server of version 13 or later in /usr/lib/postgresql; install with: tests/e2e/install-deps.sh")
	}
	return strconv.Itoa(newest), nil
}

func (img *image) add(path string) { img.files[strings.TrimPrefix(path, "/")] = path }

var libraryPath = regexp.MustCompile(`(?m)(?:=> |^\s+)(/\S+) \(0x`)

// addProgram adds a program or library with the libraries that it loads.
func (img *image) addProgram(ctx context.Context, path string) error {
	output, err := exec.CommandContext(ctx, "ldd", path).Output()
	if err != nil {
		return fmt.Errorf("asking for the libraries of %s: %w", path, err)
	}
	img.add(path)
	for _, match := range libraryPath.FindAllStringSubmatch(string(output), -1) {
		img.add(match[1])
	}
	return nil
}

func (img *image) addTree(dir string) error {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return err
		}
		img.add(path)
		return nil
	})
	if err != nil {
		return fmt.Errorf("listing %s: %w", dir, err)
	}
	return nil
}
