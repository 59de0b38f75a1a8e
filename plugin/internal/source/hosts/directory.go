package hosts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// hostFile is an environment file that a folder has for a host.
type hostFile struct{ host, path string }

const envExtension = ".env"

// directory finds the environment files of a folder: FOLDER/NAME.env, or FOLDER/NAME
// without an extension.
func (o Options) directory(dir string) ([]hostFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("--env-dir: %w", err)
	}
	var found []hostFile
	seen := map[string]string{}
	for _, e := range entries {
		name, hasExtension := strings.CutSuffix(e.Name(), envExtension)
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir() || strings.HasPrefix(e.Name(), "."):
			continue
		case !hasExtension && strings.Contains(name, "."), !validHost(name):
			o.Say(fmt.Sprintf("%s is not read: the environment file of a host is named NAME%s", path, envExtension))
			continue
		case seen[name] != "":
			return nil, fmt.Errorf("--env-dir: %s and %s are for the same host: remove one", seen[name], path)
		}
		seen[name] = path
		found = append(found, hostFile{host: name, path: path})
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("--env-dir %s: it has no environment files: name them after the hosts, such as coder-1%s", dir, envExtension)
	}
	return found, nil
}
