package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/coder-ha/coder-ha/plugin/internal/render"
)

// The modes of what is written: only the owner reads what may hold a secret.
const (
	openMode   = 0o644
	secretMode = 0o600
	folderMode = 0o755
)

func mode(f render.File) fs.FileMode {
	if f.Secret {
		return secretMode
	}
	return openMode
}

// write writes the files, all of them or none. Those that are there already with the
// same content are left alone.
func (r Render) write(streams Streams, files []render.File) error {
	var changed []render.File
	var others []string
	for _, f := range files {
		before, err := os.ReadFile(filepath.Join(r.Out, filepath.FromSlash(f.Name)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			changed = append(changed, f)
		case err != nil:
			return err
		case string(before) != f.Text:
			changed = append(changed, f)
			others = append(others, f.Name)
		}
	}
	if len(others) > 0 && !r.Force {
		return fmt.Errorf("nothing was written: %s in %s would be replaced: --diff shows how, and --force does it", strings.Join(others, ", "), r.Out)
	}
	if err := replaceAll(r.Out, changed); err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	for _, f := range files {
		streams.Say(fmt.Sprintf("%s is written (mode %04o)", filepath.Join(r.Out, filepath.FromSlash(f.Name)), mode(f)))
	}
	return nil
}

// sayHowToCheck says how to check files without the database URL, which validate
// misses otherwise.
func (r Render) sayHowToCheck(streams Streams) {
	unit := ""
	switch render.Format(r.Format) {
	case render.Systemd:
		unit = " --unit " + filepath.Join(r.Out, "coder.service.d")
	case render.Env:
	default:
		return
	}
	streams.Say(fmt.Sprintf("check them with: helm coder-ha validate --env-dir %s%s --env-file '*=secrets.env', where secrets.env has CODER_PG_CONNECTION_URL", r.Out, unit))
}

// replacement is a file that is about to take the place of another one.
type replacement struct{ temporary, path, backup string }

// replaceAll puts the files into their places. Where one cannot be written, those
// before it are as they were.
func replaceAll(dir string, files []render.File) (err error) {
	var all []replacement
	done := 0
	defer func() {
		for i, r := range all {
			if err != nil && i < done {
				r.undo()
			}
			_ = os.Remove(r.temporary)
			_ = os.Remove(r.backup)
		}
	}()
	for _, f := range files {
		r, err := prepare(filepath.Join(dir, filepath.FromSlash(f.Name)), f)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	for _, r := range all {
		done++
		if err := os.Link(r.path, r.backup); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Rename(r.temporary, r.path); err != nil {
			return err
		}
	}
	return nil
}

// prepare writes a file beside its place.
func prepare(path string, f render.File) (replacement, error) {
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return replacement{}, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".coder-ha-*")
	if err != nil {
		return replacement{}, err
	}
	r := replacement{temporary: temporary.Name(), path: path, backup: temporary.Name() + ".before"}
	_, err = temporary.WriteString(f.Text)
	err = errors.Join(err, temporary.Chmod(mode(f)), temporary.Close())
	if err != nil {
		_ = os.Remove(r.temporary)
	}
	return r, err
}

// undo puts back what was there before.
func (r replacement) undo() {
	if os.Rename(r.backup, r.path) != nil {
		_ = os.Remove(r.path)
	}
}

// showDifference shows what would change in the folder, without secrets.
func showDifference(streams Streams, dir string, files []render.File) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		before, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, err := streams.Out.Write(diff.Diff(path, before, path, []byte(f.Text))); err != nil {
			return fmt.Errorf("write the difference: %w", err)
		}
	}
	return nil
}
