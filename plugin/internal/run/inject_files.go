package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/inject"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/wholefile"
)

// standardInput is its name in messages.
const standardInput = "(standard input)"

// read reads what is named: files, the manifests of folders, standard input.
func (r Inject) read(ctx context.Context, in io.Reader) ([]inject.File, error) {
	var files []inject.File
	for _, path := range r.Files {
		if path == "-" {
			text, err := limits.Read(ctx, in, standardInput, limits.Manifests)
			if err != nil {
				return nil, err
			}
			files = append(files, inject.File{Name: standardInput, Bytes: text})
			continue
		}
		paths, err := manifestsOf(path)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			text, err := limits.ReadFile(ctx, path, limits.Manifests)
			if err != nil {
				return nil, err
			}
			files = append(files, inject.File{Name: path, Bytes: text})
		}
	}
	for i, f := range files {
		if slices.ContainsFunc(files[:i], func(other inject.File) bool { return other.Name == f.Name }) {
			return nil, fmt.Errorf("-f %s is named twice", f.Name)
		}
	}
	if r.InPlace && slices.ContainsFunc(files, func(f inject.File) bool { return f.Name == standardInput }) {
		return nil, errInPlace
	}
	return files, nil
}

// manifestsOf is a file, or the files of a folder that kubectl would read.
func manifestsOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("-f: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		name := e.Name()
		manifest := slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
		// Kustomize's own file is no manifest.
		kustomization := slices.Contains([]string{"kustomization.yaml", "kustomization.yml"}, name)
		if manifest && !kustomization && !e.IsDir() && name[0] != '.' {
			out = append(out, filepath.Join(path, name))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("-f %s: no .yaml, .yml or .json files in this folder", path)
	}
	return out, nil
}

// write writes the manifests to where they are wanted.
func (r Inject) write(stdout io.Writer, before, after []inject.File) error {
	switch {
	case r.InPlace:
		return r.writeBack(before, after)
	case r.Out != "":
		return r.writeOut(after)
	default:
		return writeStream(stdout, after)
	}
}

// writeBack writes the files that changed.
func (r Inject) writeBack(before, after []inject.File) error {
	for i, f := range after {
		if bytes.Equal(before[i].Bytes, f.Bytes) {
			continue
		}
		if err := wholefile.Write(f.Name, f.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// writeOut writes one file, or a folder with as many as were read.
func (r Inject) writeOut(files []inject.File) error {
	info, err := os.Stat(r.Out)
	folder := err == nil && info.IsDir()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if !folder && len(files) == 1 {
		return wholefile.Write(r.Out, files[0].Bytes)
	}
	if !folder {
		if err := os.Mkdir(r.Out, 0o750); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
	}
	names := map[string]string{}
	for _, f := range files {
		name := filepath.Base(f.Name)
		if f.Name == standardInput {
			return fmt.Errorf("--out %s is a folder: name a file for standard input", r.Out)
		}
		if other, taken := names[name]; taken {
			return fmt.Errorf("--out %s: %s and %s have the same name", r.Out, other, f.Name)
		}
		names[name] = f.Name
	}
	for _, f := range files {
		if err := wholefile.Write(filepath.Join(r.Out, filepath.Base(f.Name)), f.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// writeStream writes files as one stream of documents.
func writeStream(w io.Writer, files []inject.File) error {
	var stream bytes.Buffer
	for i, f := range files {
		text := f.Bytes
		if i > 0 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
			if !bytes.HasSuffix(stream.Bytes(), []byte("\n")) {
				stream.WriteByte('\n')
			}
			if !bytes.HasPrefix(text, []byte("---")) {
				stream.WriteString("---\n")
			}
		}
		stream.Write(text)
	}
	if _, err := w.Write(stream.Bytes()); err != nil {
		return fmt.Errorf("write the manifests: %w", err)
	}
	return nil
}
