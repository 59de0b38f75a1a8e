// Package kube turns Kubernetes objects into the model of a deployment, by the
// rules that the API server and the kubelet follow.
package kube

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// Options say how to read the objects.
type Options struct {
	// Namespace is that of objects which name none.
	Namespace string
	// Workloads are the names of what runs coderd, "name" or "kind/name"; empty
	// means to find it.
	Workloads []string
	// CoderVersion replaces the version that the image tag says.
	CoderVersion string
	// PodIPFamily says "IPv4" or "IPv6", as the user does; empty where it is not known.
	PodIPFamily string
	// EnvOrigin finds the user's own line for a variable of a rendered object.
	// It may be nil.
	EnvOrigin func(name, value string) (file string, line int, ok bool)
	// Budgets are PodDisruptionBudgets that the cluster has beside the objects.
	Budgets []manifest.Object
	// Hidden is what in the objects must not be shown.
	Hidden manifest.Differences
	// Absent says how to make a ConfigMap or Secret known that is not among the
	// objects, by its name "Secret coder/coder-env"; nil where it can be given as a
	// manifest.
	Absent map[string]string
	// Open is what in the objects may be otherwise; OpenWhy says why, and
	// OpenProof how to make it known.
	Open               manifest.Differences
	OpenWhy, OpenProof string
}

// Build makes the model of the deployment that the objects describe. An input
// without coderd, or with more than one to choose from, is an error.
func Build(objects []manifest.Object, opts Options) (*deployment.Deployment, error) {
	d, _, err := Find(objects, opts)
	return d, err
}

// Find is Build, and says where coderd's container is, for each workload.
func Find(objects []manifest.Object, opts Options) (*deployment.Deployment, []Place, error) {
	in, err := newInput(objects, opts)
	if err != nil {
		return nil, nil, err
	}
	found, err := in.findWorkloads()
	if err != nil {
		return nil, nil, err
	}
	var places []Place
	d := &deployment.Deployment{}
	for i, w := range found {
		w.Duplicates = in.duplicates(w)
		d.Workloads = append(d.Workloads, w.Workload)
		ignored(d, w.object)
		d.Replicas = append(d.Replicas, in.replicas(i, w)...)
		places = append(places, Place{
			Object: w.object, Path: w.path(), Container: w.coder(),
			Pod: w.template(), Index: w.container, Selector: w.owner.Spec.Selector,
		})
	}
	d.Version = found[0].version
	d.PodIPFamily = opts.PodIPFamily
	for _, gather := range []func(*deployment.Deployment) error{in.services, in.frontends, in.policies, in.budgets, in.envoyFilters} {
		if err := gather(d); err != nil {
			return nil, nil, err
		}
	}
	return d, places, nil
}

// IgnoreAnnotation lists the ids of checks to leave out, separated by commas.
const IgnoreAnnotation = "coder-ha.io/ignore"

// ignored reads the annotation of a workload.
func ignored(d *deployment.Deployment, o manifest.Object) {
	node := o.Node("metadata", "annotations", IgnoreAnnotation)
	if node == nil {
		return
	}
	if d.Ignored == nil {
		d.Ignored = map[string]string{}
	}
	for id := range strings.SplitSeq(node.Value, ",") {
		if id = strings.TrimSpace(id); id != "" {
			d.Ignored[id] = "the annotation of " + o.String()
		}
	}
}

// input is the objects with indexes over them.
type input struct {
	Options
	objects    []manifest.Object
	configMaps map[string]corev1.ConfigMap
	secrets    map[string]corev1.Secret
	namespaces map[string]namespace
	// near are the namespaces in which something may run coderd; nil means all.
	near map[string]bool
	// owners are the workloads near coderd, once they are found.
	owners []workload
}

// namespace is what is read of a Namespace object.
type namespace struct{ labels, annotations map[string]string }

// namespaced kinds get the namespace of the options; these do not.
var clusterKinds = map[string]bool{"Namespace": true, "ClusterRole": true, "ClusterRoleBinding": true, "PersistentVolume": true, "StorageClass": true, "IngressClass": true, "GatewayClass": true, "PriorityClass": true, "CustomResourceDefinition": true}

func newInput(objects []manifest.Object, opts Options) (*input, error) {
	in := &input{
		Options: opts, configMaps: map[string]corev1.ConfigMap{}, secrets: map[string]corev1.Secret{},
		namespaces: map[string]namespace{}, objects: placed(objects, opts.Namespace),
	}
	in.near = in.neighborhood()
	return in, in.index()
}

// placed are the objects without those of `helm test`, each of them in a namespace. It
// is the same slice where nothing changes: a whole cluster has many objects.
func placed(objects []manifest.Object, namespace string) []manifest.Object {
	nowhere := func(o manifest.Object) bool { return o.Namespace == "" && !clusterKinds[o.Kind] }
	if !slices.ContainsFunc(objects, func(o manifest.Object) bool { return nowhere(o) || isTestHook(o) }) {
		return objects
	}
	out := slices.DeleteFunc(slices.Clone(objects), isTestHook)
	for i, o := range out {
		if nowhere(o) {
			out[i].Namespace = namespace
		}
	}
	return out
}

// index decodes what others refer to.
func (in *input) index() error {
	for _, o := range in.objects {
		if o.Group() != "" {
			continue
		}
		var err error
		switch o.Kind {
		case "ConfigMap":
			err = index(in, in.configMaps, o)
		case "Secret":
			err = index(in, in.secrets, o)
		case "Namespace":
			var ns corev1.Namespace
			err = o.Into(&ns)
			read := namespace{labels: map[string]string{}, annotations: meshAnnotations(ns.Annotations)}
			maps.Copy(read.labels, ns.Labels)
			in.namespaces[o.Name] = read
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func index[T any](in *input, into map[string]T, o manifest.Object) error {
	if in.far(o) {
		return nil
	}
	var typed T
	if err := o.Into(&typed); err != nil {
		return err
	}
	into[o.Namespace+"/"+o.Name] = typed
	return nil
}

// each decodes every object of a kind.
func each[T any](in *input, group, kind string, visit func(manifest.Object, T)) error {
	return some(in, group, kind, func(manifest.Object) bool { return true }, visit)
}

// eachNear decodes every object of a kind that acts on its own namespace only.
func eachNear[T any](in *input, group, kind string, visit func(manifest.Object, T)) error {
	return some(in, group, kind, func(o manifest.Object) bool { return !in.far(o) }, visit)
}

func some[T any](in *input, group, kind string, wanted func(manifest.Object) bool, visit func(manifest.Object, T)) error {
	for _, o := range in.objects {
		if o.Kind != kind || o.Group() != group || !wanted(o) {
			continue
		}
		var typed T
		if err := o.Into(&typed); err != nil {
			return err
		}
		visit(o, typed)
	}
	return nil
}

// origin is where an object, or a field of it, can be changed.
func origin(o manifest.Object, path ...any) deployment.Origin {
	return deployment.Origin{
		Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
		Field: manifest.Field(path...), File: o.File, Line: o.Line(path...),
	}
}

// version reads Coder's version from the option or the tag of the image.
func version(option, image string) coder.Version {
	if option != "" {
		return coder.ParseVersion(option)
	}
	_, tag, _ := deployment.SplitImage(image)
	return coder.ParseVersion(tag)
}

// noCoder explains that no workload of the input runs coderd.
func noCoder(seen []string, objects int) error {
	if len(seen) == 0 {
		return fmt.Errorf("no workload among the %d objects of the input: expected a StatefulSet or Deployment that runs `coder server`", objects)
	}
	return fmt.Errorf("none of the workloads runs `coder server` (%s): name the one that does with --workload", list(seen))
}
