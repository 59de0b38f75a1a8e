// Package manifest reads Kubernetes objects from YAML or JSON text and keeps
// the line of every field.
package manifest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// Object is one Kubernetes object and where it was read.
type Object struct {
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
	// File is the path that was read, or the template that rendered the object.
	File string
	// Template is the one that Helm's "# Source:" line above the object names.
	Template string
	// Rendered says that File is a template: the lines of the object are not
	// those of a file that a user can open.
	Rendered bool

	// One of the two is there: see root.
	node  *yaml.Node
	later *later
}

// String names the object as kubectl does: StatefulSet coder/coder.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Group is the API group, empty for the core group.
func (o Object) Group() string {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// Decode reads all documents of a stream. Lists are taken apart. A document
// that is no Kubernetes object is an error that names the file and line.
func Decode(r io.Reader, file string) ([]Object, error) {
	var objects []Object
	for dec := yaml.NewDecoder(r); ; {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		if err := limits.Document(&doc, file); err != nil {
			return nil, err
		}
		found, err := objectsOf(&doc, file)
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
}

// objectsOf takes one document apart.
func objectsOf(doc *yaml.Node, file string) ([]Object, error) {
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.AliasNode {
		root = root.Alias
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: not a Kubernetes object: expected a mapping with apiVersion and kind", file, root.Line)
	}
	o := Object{
		APIVersion: scalar(root, "apiVersion"), Kind: scalar(root, "kind"), File: file,
		Namespace: scalar(root, "metadata", "namespace"), Name: scalar(root, "metadata", "name"), node: root,
		Template: sourceComment(doc),
	}
	if o.APIVersion == "" || o.Kind == "" {
		return nil, fmt.Errorf("%s:%d: not a Kubernetes object: apiVersion or kind is missing", file, root.Line)
	}
	items := Child(root, "items")
	if !strings.HasSuffix(o.Kind, "List") || items == nil || items.Kind != yaml.SequenceNode {
		return []Object{o}, nil
	}
	var objects []Object
	for _, item := range items.Content {
		found, err := objectsOf(&yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{item}}, file)
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

// sourceComment is the template named by the "# Source:" line that Helm writes
// above each document.
func sourceComment(doc *yaml.Node) string {
	comments := []string{doc.HeadComment, doc.Content[0].HeadComment}
	if content := doc.Content[0].Content; len(content) > 0 {
		comments = append(comments, content[0].HeadComment)
	}
	for _, comment := range comments {
		for line := range strings.Lines(comment) {
			if template, ok := strings.CutPrefix(strings.TrimSpace(line), "# Source: "); ok {
				return template
			}
		}
	}
	return ""
}
