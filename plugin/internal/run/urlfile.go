package run

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// readURLFile reads a database URL from a file. The URL holds a password, so a
// file that everybody may read is refused. The line break at its end, which
// every editor writes, is no part of the URL.
func readURLFile(ctx context.Context, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read the database URL: %w", err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o006 != 0 {
		return "", fmt.Errorf("%s holds a password and everybody may read or write it (mode %04o): run chmod 600 %s", path, mode, path)
	}
	text, err := limits.ReadFile(ctx, path, limits.URLFile)
	if err != nil {
		return "", fmt.Errorf("read the database URL: %w", err)
	}
	url := strings.TrimRight(string(text), "\r\n")
	if url == "" {
		return "", fmt.Errorf("%s is empty: write the database URL into it", path)
	}
	return url, nil
}
