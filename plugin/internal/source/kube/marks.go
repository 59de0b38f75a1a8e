package kube

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// mark hides a value that stands at the path, or makes it unknown, where the
// options say so of the path, or where it refers to a secret elsewhere.
func (e *environment) mark(value *deployment.Value, o manifest.Object, path ...any) {
	if e.in.Open.At(o, path...) {
		*value = e.open(value.Origin)
		return
	}
	value.Hidden = value.Hidden || e.in.Hidden.At(o, path...)
	if reference, ok := secretReference(string(value.Text)); ok && value.State == deployment.Known {
		reference.Origin, reference.FromSecret, reference.Hidden = value.Origin, value.FromSecret, value.Hidden
		*value = reference
	}
}

// open is a value that may be otherwise.
func (e *environment) open(at deployment.Origin) deployment.Value {
	return deployment.Value{State: deployment.Unknown, Why: e.in.OpenWhy, Proof: e.in.OpenProof, Origin: at}
}

// markData is mark for a key of a ConfigMap or Secret.
func (e *environment) markData(value *deployment.Value, key deployment.Key, name string) {
	if o := e.in.object(key); o != nil {
		for _, field := range dataFields {
			e.mark(value, *o, field, name)
		}
	}
}

// dataFields are where a ConfigMap or Secret keeps its content.
var dataFields = []string{"data", "stringData"}

// absentData are the keys that a ConfigMap or Secret may have beside its own.
func (in *input) absentData(key deployment.Key) []string {
	o := in.object(key)
	if o == nil {
		return nil
	}
	var names []string
	for _, field := range dataFields {
		names = append(names, in.Open.Absent(*o, field)...)
	}
	return names
}

// object is the ConfigMap or Secret that holds the key; nil where it is not in
// the input.
func (in *input) object(key deployment.Key) *manifest.Object {
	at := slices.IndexFunc(in.objects, func(o manifest.Object) bool {
		return o.Kind == key.Kind && o.Group() == "" && o.Namespace == key.Namespace && o.Name == key.Name
	})
	if at < 0 {
		return nil
	}
	return &in.objects[at]
}
