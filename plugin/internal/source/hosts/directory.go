package hosts

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// hostFile is an environment file that a folder has for a host.
type hostFile struct{ host, path string }

const envExtension = ".env"

// directory finds the environment files of a folder: FOLDER/NAME.env, or FOLDER/NAME
// where none has the extension.
func (o Options) directory(dir string) ([]hostFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("--env-dir: %w", err)
	}
	withExtension := slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !e.IsDir() && strings.HasSuffix(e.Name(), envExtension) && !strings.HasPrefix(e.Name(), ".")
	})
	var found []hostFile
	for _, e := range entries {
		name, hasExtension := strings.CutSuffix(e.Name(), envExtension)
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir() || strings.HasPrefix(e.Name(), "."):
		case hasExtension != withExtension, !hasExtension && strings.Contains(name, "."), !validHost(name):
			o.Say(fmt.Sprintf("%s is not read: the environment file of a host is named NAME%s", path, envExtension))
		default:
			found = append(found, hostFile{host: name, path: path})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("--env-dir %s: it has no environment files: name them after the hosts, such as coder-1%s", dir, envExtension)
	}
	return found, nil
}
