// Package wholefile writes files that are whole or not there.
package wholefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Check says why a file cannot be written, as far as that can be seen before its
// content is known.
func Check(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	switch info, err := os.Stat(filepath.Dir(path)); {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", filepath.Dir(path))
	}
	return nil
}

// Write gives a file a new content at once: it is never there in part. A link
// stays one, and the mode of the file is kept.
func Write(path string, content []byte) (err error) {
	mode := os.FileMode(0o666)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, statErr := os.Stat(path)
	if statErr == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		mode = info.Mode().Perm()
	}
	name := fmt.Sprintf(".%s.%d", filepath.Base(path), os.Getpid())
	fresh, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(fresh.Name())
		}
	}()
	_, err = fresh.Write(content)
	if statErr == nil && err == nil {
		// The mode of a new file lacks what the umask takes away.
		err = fresh.Chmod(mode)
	}
	if err = errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), path)
}
