package chart_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

// scheme knows the types of every API that the chart writes for.
var scheme = newScheme()

func newScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(clientscheme.AddToScheme(s))
	utilruntime.Must(gatewayv1.Install(s))
	utilruntime.Must(monitoringv1.AddToScheme(s))
	return s
}

// strict refuses fields that the type does not have, and fields that stand
// twice, as the API server does under strict validation.
var strict = serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()

// lenient leaves out fields that the type does not have, as the API server does
// otherwise.
var lenient = serializer.NewCodecFactory(scheme).UniversalDeserializer()

// decode reads manifests into the types of their APIs.
func decode(t *testing.T, manifests string) []runtime.Object {
	t.Helper()
	return decodeWith(t, strict, manifests)
}

func decodeWith(t *testing.T, decoder runtime.Decoder, manifests string) []runtime.Object {
	t.Helper()
	var objects []runtime.Object
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifests)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects
		}
		require.NoError(t, err)
		var content any
		require.NoError(t, yaml.Unmarshal(document, &content))
		if content == nil {
			continue
		}
		object, kind, err := decoder.Decode(document, nil, nil)
		require.NoError(t, err, "%s", document)
		object.GetObjectKind().SetGroupVersionKind(*kind)
		objects = append(objects, object)
	}
}

// objects renders and decodes.
func objects(t *testing.T, values string, options ...option) []runtime.Object {
	t.Helper()
	return decode(t, render(t, values, options...))
}

// find is the object of one type and name, and fails the test without one.
func find[T runtime.Object](t *testing.T, all []runtime.Object, name string) T {
	t.Helper()
	found, ok := lookup[T](t, all, name)
	require.True(t, ok, "no %T named %s", found, name)
	return found
}

// lookup is the object of one type and name, if there is one.
func lookup[T runtime.Object](t *testing.T, all []runtime.Object, name string) (T, bool) {
	t.Helper()
	for _, object := range all {
		if typed, ok := object.(T); ok && nameOf(t, object) == name {
			return typed, true
		}
	}
	var none T
	return none, false
}

func nameOf(t *testing.T, object runtime.Object) string {
	t.Helper()
	accessor, err := meta.Accessor(object)
	require.NoError(t, err)
	return accessor.GetName()
}

// podOf is the pod template of the one workload among the objects.
func podOf(t *testing.T, all []runtime.Object) corev1.PodTemplateSpec {
	t.Helper()
	for _, object := range all {
		switch workload := object.(type) {
		case *appsv1.StatefulSet:
			return workload.Spec.Template
		case *appsv1.Deployment:
			return workload.Spec.Template
		}
	}
	require.Fail(t, "no workload")
	return corev1.PodTemplateSpec{}
}

// coderOf is the Coder container of the one workload among the objects.
func coderOf(t *testing.T, all []runtime.Object) corev1.Container {
	t.Helper()
	return podOf(t, all).Spec.Containers[0]
}

// byKey is each object as YAML, by kind, namespace and name: what two renders
// can be compared by. Empty maps and lists count as none.
func byKey(t *testing.T, all []runtime.Object) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, object := range all {
		accessor, err := meta.Accessor(object)
		require.NoError(t, err)
		key := object.GetObjectKind().GroupVersionKind().Kind + " " + accessor.GetNamespace() + "/" + accessor.GetName()
		require.NotContains(t, texts, key, "two objects of one name")
		text, err := yaml.Marshal(object)
		require.NoError(t, err)
		texts[key] = string(bytes.TrimSpace(text))
	}
	return texts
}
