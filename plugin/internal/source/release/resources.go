package release

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
)

// workloadResources may run coderd.
var workloadResources = []schema.GroupVersionResource{
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
	{Group: "apps", Version: "v1", Resource: "deployments"},
}

var (
	namespaces = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	secrets    = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
)

// around are the kinds of objects around a workload, and the evidence that is
// missing without them. Those that belong to an extension may not exist at all.
type around struct {
	resource schema.GroupVersionResource
	kind     facts.Kind
}

var aroundThem = []around{
	{schema.GroupVersionResource{Version: "v1", Resource: "services"}, facts.Services},
	{schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}, facts.Routes},
	{schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"}, facts.NetworkPolicies},
	{schema.GroupVersionResource{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"}, facts.DisruptionBudgets},
	{schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}, facts.Autoscalers},
	{schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}, ""},
	{schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "virtualservices"}, ""},
	{schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1alpha3", Resource: "envoyfilters"}, ""},
	{schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}, ""},
}

// reference is a ConfigMap or Secret that a pod names.
type reference struct{ kind, name string }

func (r reference) resource() schema.GroupVersionResource {
	if r.kind == "Secret" {
		return secrets
	}
	return configMaps
}

// references are what coderd's containers read: as variables, and as files.
func references(places []kube.Place) []reference {
	var out []reference
	add := func(kind, name string) {
		if ref := (reference{kind, name}); name != "" && !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	for _, place := range places {
		for _, from := range place.Container.EnvFrom {
			if from.ConfigMapRef != nil {
				add("ConfigMap", from.ConfigMapRef.Name)
			}
			if from.SecretRef != nil {
				add("Secret", from.SecretRef.Name)
			}
		}
		for _, entry := range place.Container.Env {
			if from := entry.ValueFrom; from != nil {
				if from.ConfigMapKeyRef != nil {
					add("ConfigMap", from.ConfigMapKeyRef.Name)
				}
				if from.SecretKeyRef != nil {
					add("Secret", from.SecretKeyRef.Name)
				}
			}
		}
		for _, mount := range place.Container.VolumeMounts {
			volumes(place, mount.Name, add)
		}
	}
	return out
}

// podSpec is the part of a workload that names volumes.
type podSpec struct {
	Spec struct {
		Template struct {
			Spec struct {
				Volumes []corev1.Volume `json:"volumes"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

// volumes adds what a volume of the pod is made of.
func volumes(place kube.Place, name string, add func(kind, name string)) {
	var pod podSpec
	// What decoded once decodes again.
	if place.Object.Into(&pod) != nil {
		return
	}
	for _, v := range pod.Spec.Template.Spec.Volumes {
		if v.Name != name {
			continue
		}
		if v.Secret != nil {
			add("Secret", v.Secret.SecretName)
		}
		if v.ConfigMap != nil {
			add("ConfigMap", v.ConfigMap.Name)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.Secret != nil {
				add("Secret", source.Secret.Name)
			}
			if source.ConfigMap != nil {
				add("ConfigMap", source.ConfigMap.Name)
			}
		}
	}
}
