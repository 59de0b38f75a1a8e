package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"path"
	"time"

	"github.com/klauspost/compress/gzip"
)

// entry is one file of an archive, by its slash-separated path, or a folder, which
// has no text.
type entry struct {
	name string
	text []byte
	mode int64
}

// archive makes a tar.gz of the entries, in their order, below one folder or, for
// "", without any. Owner, time and header say nothing of the machine: the same
// entries give the same bytes.
func archive(folder string, entries []entry, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tarred := tar.NewWriter(zipped)
	if folder != "" {
		folder += "/"
	}
	for _, e := range withFolders(entries) {
		header := tar.Header{
			Name: folder + e.name, Mode: e.mode, Size: int64(len(e.text)),
			Typeflag: tar.TypeReg, ModTime: at, Format: tar.FormatUSTAR,
		}
		if e.text == nil {
			header.Typeflag = tar.TypeDir
		}
		if err := tarred.WriteHeader(&header); err != nil {
			return nil, fmt.Errorf("archive %s: %w", e.name, err)
		}
		if _, err := tarred.Write(e.text); err != nil {
			return nil, fmt.Errorf("archive %s: %w", e.name, err)
		}
	}
	if err := tarred.Close(); err != nil {
		return nil, fmt.Errorf("end an archive: %w", err)
	}
	if err := zipped.Close(); err != nil {
		return nil, fmt.Errorf("end an archive: %w", err)
	}
	return out.Bytes(), nil
}

// withFolders puts an entry for each folder before the files in it: Helm 3 makes no
// folder that has none. Nor does it take one for the top folder itself.
func withFolders(entries []entry) []entry {
	var all []entry
	made := map[string]bool{".": true}
	for _, e := range entries {
		if folder := path.Dir(e.name); !made[folder] {
			made[folder] = true
			all = append(all, entry{name: folder + "/", mode: 0o755})
		}
		all = append(all, e)
	}
	return all
}
