// Package inject writes the environment that a highly available Coder needs into
// manifests, and leaves every byte as it is that it has no reason to change. It is
// pure: bytes in, bytes out.
package inject

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// File is a stream of documents with its name.
type File struct {
	Name  string
	Bytes []byte
}

// Input is what files say.
type Input struct {
	// Deployment is the model of what the files say; it is not sealed.
	Deployment *deployment.Deployment

	files   []File
	objects []manifest.Object
	places  []kube.Place
	options kube.Options
	texts   map[string]*text
	aliased map[*yaml.Node]bool
}

// Read reads files, and finds the workloads that run coderd by the rules of
// validate.
func Read(files []File, opts kube.Options) (*Input, error) {
	in := &Input{files: files, options: opts, texts: map[string]*text{}, aliased: map[*yaml.Node]bool{}}
	for _, f := range files {
		objects, err := decode(f)
		if err != nil {
			return nil, err
		}
		in.objects = append(in.objects, objects...)
	}
	for _, o := range in.objects {
		aliases(o.Node(), in.aliased)
	}
	var err error
	in.Deployment, in.places, err = kube.Find(in.objects, opts)
	return in, err
}

// Describe makes the model anew, to be sealed and judged.
func (in *Input) Describe() (*deployment.Deployment, error) {
	return kube.Build(in.objects, in.options)
}

// decode reads the objects of a file.
func decode(f File) ([]manifest.Object, error) {
	if bytes.HasPrefix(f.Bytes, []byte("\xfe\xff")) || bytes.HasPrefix(f.Bytes, []byte("\xff\xfe")) {
		return nil, fmt.Errorf("%s: it is UTF-16: convert it to UTF-8", f.Name)
	}
	objects, err := manifest.Decode(bytes.NewReader(f.Bytes), f.Name)
	if err != nil && bytes.Contains(f.Bytes, []byte("{{")) {
		return nil, fmt.Errorf("%w: it seems to be a template: render it first, as helm template does", err)
	}
	return objects, err
}

// Files are the files as they are now.
func (in *Input) Files() []File { return in.files }

// Apply makes the changes, and reads the result. The input is empty then, so that
// only one tree is in memory at a time. It is an error if the result does not say what
// was meant, or says anything else differently.
func (in *Input) Apply(p Plan) (*Input, error) {
	if !p.Changed() {
		return in, nil
	}
	files, ok := in.edited(p)
	options := in.options
	*in = Input{}
	if !ok {
		return nil, p.unsafe()
	}
	out, err := Read(files, options)
	if err != nil || !out.says(p) {
		return nil, p.unsafe()
	}
	return out, nil
}

// edited makes the edits of a plan; ok is false if they overlap.
func (in *Input) edited(p Plan) (files []File, ok bool) {
	for _, f := range in.files {
		var edits []edit
		for _, c := range p.changes {
			if c.file == f.Name {
				edits = append(edits, c.edits...)
			}
		}
		if len(edits) > 0 {
			if f.Bytes, ok = apply(f.Bytes, edits); !ok {
				return nil, false
			}
		}
		files = append(files, f)
	}
	return files, true
}

// says tells whether the result of a plan is what was meant.
func (in *Input) says(p Plan) bool {
	is := map[*yaml.Node]planned{}
	for _, c := range p.changes {
		if c.place >= len(in.places) {
			return false
		}
		where, err := in.locate(in.places[c.place])
		if err != nil || keyAt(where.container, "env") < 0 {
			return false
		}
		env := where.container.Content[keyAt(where.container, "env")+1]
		is[where.container] = planned{items: env.Content, entries: c.entries, written: true}
	}
	for file, sum := range p.sums {
		if in.sum(file, is) != sum {
			return false
		}
	}
	return true
}

// text is that of a file, indexed once.
func (in *Input) text(name string) *text {
	if in.texts[name] == nil {
		for _, f := range in.files {
			if f.Name == name {
				in.texts[name] = newText(name, f.Bytes)
			}
		}
	}
	return in.texts[name]
}
