package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// release is what is published: files that lie beside each other.
type release struct {
	key   *key
	files []published
}

type published struct {
	name string
	text []byte
}

func (r *release) add(name string, text []byte) {
	r.files = append(r.files, published{name, text})
}

// addSigned adds an archive, and its provenance file where there is a key.
func (r *release) addSigned(name string, text, metadata []byte) error {
	r.add(name, text)
	if !r.key.signs() {
		return nil
	}
	provenance, err := r.key.provenance(name, text, metadata)
	if err != nil {
		return err
	}
	r.add(name+".prov", provenance)
	return nil
}

// file is one that was added.
func (r *release) file(name string) ([]byte, bool) {
	i := slices.IndexFunc(r.files, func(f published) bool { return f.name == name })
	if i < 0 {
		return nil, false
	}
	return r.files[i].text, true
}

// listings adds what Artifact Hub reads beside the archives, the key to verify
// with, and the digests of all files.
func (s source) listings(r *release) error {
	hub, err := os.ReadFile(filepath.Join(s.root, hubFile))
	if err != nil {
		return fmt.Errorf("read what Artifact Hub is told: %w", err)
	}
	r.add(filepath.Base(hubFile), hub)
	if r.key != nil {
		public, err := r.key.public()
		if err != nil {
			return err
		}
		r.add(keyFile, public)
	}
	var sums bytes.Buffer
	slices.SortFunc(r.files, func(a, b published) int { return strings.Compare(a.name, b.name) })
	for _, f := range r.files {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(f.text), f.name)
	}
	r.add("SHA256SUMS", sums.Bytes())
	if !r.key.signs() {
		return nil
	}
	signature, err := r.key.signature(sums.Bytes())
	if err != nil {
		return err
	}
	r.add("SHA256SUMS.asc", signature)
	return nil
}

// write puts the files into a folder. Each is whole or not there.
func (r *release) write(dist string) error {
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dist, err)
	}
	for _, f := range r.files {
		to := filepath.Join(dist, f.name)
		if err := os.WriteFile(to+".part", f.text, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", to, err)
		}
		if err := os.Rename(to+".part", to); err != nil {
			return fmt.Errorf("write %s: %w", to, err)
		}
	}
	return nil
}
