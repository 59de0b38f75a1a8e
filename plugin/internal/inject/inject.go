// Package inject writes the environment that a highly available Coder needs into
// manifests, and leaves every byte as it is that it has no reason to change. It is
// pure: bytes in, bytes out.
package inject

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
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

// Apply makes the changes, and reads the result. It is an error if the result does
// not say what was meant, or says anything else differently: then nothing is
// changed.
func (in *Input) Apply(p Plan) (*Input, error) {
	var files []File
	for _, f := range in.files {
		var edits []edit
		for _, l := range p.lists[f.Name] {
			edits = append(edits, l.edits...)
		}
		changed, ok := apply(f.Bytes, edits)
		if !ok {
			return nil, p.unsafe(f.Name)
		}
		files = append(files, File{Name: f.Name, Bytes: changed})
	}
	out, err := Read(files, in.options)
	for name := range p.lists {
		if err != nil || !same(in.of(name), out.of(name), p.lists[name]) {
			return nil, p.unsafe(name)
		}
	}
	return out, nil
}

// of are the objects of a file.
func (in *Input) of(file string) []manifest.Object {
	var out []manifest.Object
	for _, o := range in.objects {
		if o.File == file {
			out = append(out, o)
		}
	}
	return out
}

// unsafe says that the text is of a form in which this package cannot write.
func (p Plan) unsafe(file string) error {
	first := p.lists[file][0]
	return fmt.Errorf("%s:%d: the env of coderd's container is written in a way that cannot be changed safely: add these entries to it yourself:\n%s",
		file, first.container.Line, coder.YAML(first.written()))
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
