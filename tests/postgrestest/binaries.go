package postgrestest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// BinariesEnv names the directory of initdb and postgres to use.
const BinariesEnv = "CODER_HA_POSTGRES_BIN"

// Binaries finds the directory of initdb and postgres: that of BinariesEnv, the
// newest below /usr/lib/postgresql as Debian installs them, or that of PATH.
func Binaries() (string, error) {
	if dir := os.Getenv(BinariesEnv); dir != "" {
		if !complete(dir) {
			return "", fmt.Errorf("%s is %s, and there is no initdb and postgres in it", BinariesEnv, dir)
		}
		return dir, nil
	}
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	best, newest := "", 0
	for _, dir := range dirs {
		major, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err == nil && major > newest && complete(dir) {
			best, newest = dir, major
		}
	}
	if best != "" {
		return best, nil
	}
	if path, err := exec.LookPath("postgres"); err == nil && complete(filepath.Dir(path)) {
		return filepath.Dir(path), nil
	}
	return "", fmt.Errorf("no Postgres server on this machine: run `make postgres`, or set %s to the directory of initdb and postgres", BinariesEnv)
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}
