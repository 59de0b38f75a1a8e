package run

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// maxURLFile bounds a file that should hold one line.
const maxURLFile = 64 << 10

// readURLFile reads a database URL from a file. The URL holds a password, so a
// file that everybody may read is refused. The line break at its end, which
// every editor writes, is no part of the URL.
func readURLFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the database URL: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("read the database URL: %w", err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o006 != 0 {
		return "", fmt.Errorf("%s holds a password and everybody may read or write it (mode %04o): run chmod 600 %s", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxURLFile))
	if err != nil {
		return "", fmt.Errorf("read the database URL from %s: %w", path, err)
	}
	url := strings.TrimRight(string(text), "\r\n")
	if url == "" {
		return "", fmt.Errorf("%s is empty: write the database URL into it", path)
	}
	return url, nil
}
