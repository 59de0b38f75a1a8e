package facts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// CodecVersion is the version of the format that Encode writes. It changes only
// when a reader of the old format would misread the new one.
const CodecVersion = "1"

// ErrNotFacts says that an input is not what Encode wrote.
var ErrNotFacts = errors.New("not a facts file of coder-ha")

type encoded struct {
	SchemaVersion string `json:"schemaVersion"`
	Facts         *Facts `json:"facts"`
}

// Encode writes facts so that Decode gives them back, and the same verdict with
// them. They hold no secret, and so neither does what is written.
func Encode(w io.Writer, f *Facts) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(encoded{SchemaVersion: CodecVersion, Facts: f})
}

// Decode reads what Encode wrote, by this version of the plugin or another one
// with the same CodecVersion: fields that it does not know are passed over.
func Decode(r io.Reader) (*Facts, error) {
	limited := &io.LimitedReader{R: r, N: limits.Facts.Most + 1}
	var in encoded
	err := json.NewDecoder(limited).Decode(&in)
	switch {
	case limited.N <= 0:
		return nil, fmt.Errorf("%w: larger than %s", ErrNotFacts, limits.Facts)
	case err != nil:
		// The decoder's own words may quote the input.
		return nil, fmt.Errorf("%w: the JSON cannot be read", ErrNotFacts)
	case in.SchemaVersion != CodecVersion:
		return nil, fmt.Errorf("%w of version %s: its version is %q; read it with a version of the plugin that knows it", ErrNotFacts, CodecVersion, in.SchemaVersion)
	case in.Facts == nil:
		return nil, fmt.Errorf("%w: it has no facts", ErrNotFacts)
	}
	if err := in.Facts.whole(); err != nil {
		return nil, err
	}
	return in.Facts, nil
}

// whole says what of facts is not there that Encode always writes.
func (f *Facts) whole() error {
	for _, p := range f.Postgres {
		if p.Facts == nil {
			return fmt.Errorf("%w: a database has no answer", ErrNotFacts)
		}
	}
	if f.Deployment == nil {
		return nil
	}
	return wholeDeployment(f.Deployment)
}

// wholeDeployment looks at what refers to another part by its place.
func wholeDeployment(d *deployment.Deployment) error {
	if len(d.Replicas) == 0 {
		return fmt.Errorf("%w: a deployment has no replica", ErrNotFacts)
	}
	for _, r := range d.Replicas {
		if r.Workload < 0 || r.Workload >= len(d.Workloads) {
			return fmt.Errorf("%w: a replica has no workload", ErrNotFacts)
		}
	}
	for i, w := range d.Workloads {
		if !slices.ContainsFunc(d.Replicas, func(r deployment.Replica) bool { return r.Workload == i }) {
			return fmt.Errorf("%w: a workload has no replica", ErrNotFacts)
		}
		if w.Pod != nil && (w.Pod.Coder < 0 || w.Pod.Coder >= len(w.Pod.Containers)) {
			return fmt.Errorf("%w: a pod has no container of coderd", ErrNotFacts)
		}
	}
	for _, s := range d.Services {
		for _, replica := range s.Selects {
			if replica < 0 || replica >= len(d.Replicas) {
				return fmt.Errorf("%w: a Service selects no replica that there is", ErrNotFacts)
			}
		}
	}
	return nil
}
