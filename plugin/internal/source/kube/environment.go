package kube

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// environment resolves the variables of one container in one replica, in the
// order in which the kubelet does it.
type environment struct {
	in      *input
	pod     podIdentity
	w       workload
	spec    corev1.Container
	replica *deployment.Replica
}

// resolve fills in the replica's variables: envFrom first and unexpanded, then
// env in order, then what coderd makes of them with its command line and its config
// file.
func (e *environment) resolve() {
	e.replica.Variables = map[string]deployment.Value{}
	for i, from := range e.spec.EnvFrom {
		e.envFrom(from, e.path("envFrom", i))
	}
	for i, entry := range e.spec.Env {
		value := e.entry(i, entry)
		e.mark(&value, e.w.object, e.path("env", i)...)
		e.replica.Variables[entry.Name] = value
	}
	for _, name := range e.in.Open.Absent(e.w.object, e.path("env")...) {
		e.replica.Variables[name] = e.open(e.origin(e.path("env")))
	}
	e.start()
}

func (e *environment) path(path ...any) []any { return e.w.path(path...) }

func (e *environment) origin(path []any) deployment.Origin {
	at := origin(e.w.object, path...)
	at.Container = e.spec.Name
	return at
}

// envFrom adds all keys of a ConfigMap or Secret.
func (e *environment) envFrom(from corev1.EnvFromSource, path []any) {
	var key deployment.Key
	switch {
	case from.ConfigMapRef != nil:
		key = deployment.Key{Kind: "ConfigMap", Namespace: e.w.Namespace, Name: from.ConfigMapRef.Name}
	case from.SecretRef != nil:
		key = deployment.Key{Kind: "Secret", Namespace: e.w.Namespace, Name: from.SecretRef.Name}
	default:
		return
	}
	data, found := e.in.data(key)
	if !found {
		what := nameOf(key)
		e.replica.Opaque = append(e.replica.Opaque, deployment.Opaque{Prefix: from.Prefix, What: what, Key: &key, Proof: e.in.givenProof(what)})
		return
	}
	for name, text := range data {
		value := deployment.Value{
			State: deployment.Known, Text: deployment.Text(text), FromSecret: key.Kind == "Secret", Origin: e.origin(path),
		}
		e.markData(&value, key, name)
		e.replica.Variables[from.Prefix+name] = value
	}
	for _, name := range e.in.absentData(key) {
		e.replica.Variables[from.Prefix+name] = e.open(e.origin(path))
	}
}

func nameOf(key deployment.Key) string { return key.Kind + " " + key.Namespace + "/" + key.Name }

// givenProof says how to make an object known.
func (in *input) givenProof(what string) string {
	if proof := in.Absent[what]; proof != "" {
		return proof
	}
	return "give " + what + " too, with --manifest"
}

// entry resolves one item of the list.
func (e *environment) entry(i int, entry corev1.EnvVar) deployment.Value {
	at := e.origin(e.path("env", i))
	if entry.ValueFrom != nil && entry.Value == "" {
		value := e.source(entry.ValueFrom)
		value.Origin = at
		e.user(entry.Name, "", &value.Origin)
		return value
	}
	value := deployment.Value{State: deployment.Known, Origin: e.origin(e.path("env", i, "value"))}
	e.user(entry.Name, entry.Value, &value.Origin)
	e.expandInto(&value, entry.Value, func(name string) bool {
		return slices.ContainsFunc(e.spec.Env[i+1:], func(later corev1.EnvVar) bool { return later.Name == name })
	})
	return value
}

// user points the origin at the user's own values, where the object was
// rendered from them.
func (e *environment) user(name, value string, at *deployment.Origin) {
	if !e.w.object.Rendered || e.in.EnvOrigin == nil {
		return
	}
	if file, line, ok := e.in.EnvOrigin(name, value); ok {
		at.File, at.Line = file, line
	}
}

// serviceVariable matches the names that Kubernetes makes for every Service.
var serviceVariable = regexp.MustCompile(`^[A-Z][A-Z0-9_]*_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// expandInto expands the text with the variables resolved so far.
func (e *environment) expandInto(value *deployment.Value, text string, definedLater func(string) bool) {
	expanded := expand(text, func(name string) (string, bool) {
		known, ok := e.replica.Variables[name]
		switch {
		case ok && known.State == deployment.Known:
			value.References = append(value.References, name)
			value.FromSecret = value.FromSecret || known.FromSecret
			value.Hidden = value.Hidden || known.Hidden
			return string(known.Text), true
		case ok:
			value.References = append(value.References, name)
			return e.makeUnknown(value, name, known.Why, known.Proof), true
		}
		if unread := e.replica.Env(name); unread.State == deployment.Unknown {
			return e.makeUnknown(value, name, unread.Why, unread.Proof), true
		}
		links := e.w.template().Spec.EnableServiceLinks
		if serviceVariable.MatchString(name) && (links == nil || *links || strings.HasPrefix(name, "KUBERNETES_")) {
			return e.makeUnknown(value, name, "$("+name+") is set by Kubernetes for a Service", "look at the running container's environment"), true
		}
		value.Unexpanded = append(value.Unexpanded, deployment.Reference{Name: name, DefinedLater: definedLater(name)})
		return "", false
	})
	if value.State == deployment.Unknown {
		value.Partial = deployment.Text(expanded)
		return
	}
	value.Text = deployment.Text(expanded)
}

// makeUnknown makes a value unknown for one of its parts, and is the symbol for
// that part.
func (*environment) makeUnknown(value *deployment.Value, name, why, proof string) string {
	value.State, value.Text, value.Why, value.Proof = deployment.Unknown, "", why, proof
	return string(deployment.Symbol("unknown", name))
}

// source resolves a valueFrom.
func (e *environment) source(from *corev1.EnvVarSource) deployment.Value {
	switch {
	case from.FieldRef != nil:
		return e.pod.field(from.FieldRef.FieldPath)
	case from.SecretKeyRef != nil:
		ref := from.SecretKeyRef
		return e.key(deployment.Key{Kind: "Secret", Namespace: e.w.Namespace, Name: ref.Name, Key: ref.Key})
	case from.ConfigMapKeyRef != nil:
		ref := from.ConfigMapKeyRef
		return e.key(deployment.Key{Kind: "ConfigMap", Namespace: e.w.Namespace, Name: ref.Name, Key: ref.Key})
	default:
		return deployment.Value{State: deployment.Unknown, Why: "it is a resource of the container", Proof: "look at the running container's environment"}
	}
}

func (e *environment) key(key deployment.Key) deployment.Value {
	data, found := e.in.data(key)
	if text, ok := data[key.Key]; ok {
		value := deployment.Value{State: deployment.Known, Text: deployment.Text(text), FromSecret: key.Kind == "Secret"}
		e.markData(&value, key, key.Key)
		return value
	}
	why := fmt.Sprintf("key %s of %s, which is not in the input", key.Key, nameOf(key))
	if found {
		why = fmt.Sprintf("key %s of %s, which has no such key in the input", key.Key, nameOf(key))
	}
	return deployment.Value{State: deployment.Unknown, Why: why, Proof: e.in.givenProof(nameOf(key)), Key: &key}
}

// data is the content of a ConfigMap or Secret of the input.
func (in *input) data(key deployment.Key) (data map[string]string, found bool) {
	if key.Kind == "ConfigMap" {
		configMap, ok := in.configMaps[key.Namespace+"/"+key.Name]
		return configMap.Data, ok
	}
	secret, ok := in.secrets[key.Namespace+"/"+key.Name]
	if !ok {
		return nil, false
	}
	data = map[string]string{}
	for name, value := range secret.Data {
		data[name] = string(value)
	}
	maps.Copy(data, secret.StringData)
	return data, true
}
