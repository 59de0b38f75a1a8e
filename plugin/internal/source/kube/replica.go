package kube

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// maxModeled bounds how many replicas are modeled one by one: a number that
// nobody runs shows nothing new, and would only fill the memory.
const maxModeled = 1000

// replicas makes the replicas of a workload, each with its environment.
func (in *input) replicas(index int, w workload) []deployment.Replica {
	// A workload that is scaled to zero still has a configuration to judge.
	replicas := make([]deployment.Replica, min(max(w.Replicas, 1), maxModeled))
	for i := range replicas {
		r := &replicas[i]
		r.Workload = index
		r.Labels = maps.Clone(w.Pod.Labels)
		if r.Labels == nil {
			r.Labels = map[string]string{}
		}
		r.Name = fmt.Sprintf("%s[%d]", w.Name, i)
		pod := podIdentity{workload: w, replica: r}
		switch w.Kind {
		case podKind:
			r.Name, pod.named = w.Name, true
		case "StatefulSet":
			ordinal := int(w.owner.Spec.Ordinals.Start) + i
			r.Name = w.Name + "-" + strconv.Itoa(ordinal)
			r.Labels["statefulset.kubernetes.io/pod-name"] = r.Name
			r.Labels["apps.kubernetes.io/pod-index"] = strconv.Itoa(ordinal)
			pod.named = true
		}
		e := environment{in: in, pod: pod, w: w, spec: w.coder(), replica: r}
		e.resolve()
		r.Certificates = in.certificates(w, *r)
	}
	return replicas
}

// podIdentity answers the downward API for one replica.
type podIdentity struct {
	workload workload
	replica  *deployment.Replica
	// named says that the pod's name is known before it runs.
	named bool
}

// labelPath matches metadata.labels['key'] and metadata.annotations['key'].
var labelPath = regexp.MustCompile(`^metadata\.(labels|annotations)\['([^']*)'\]$`)

func (p podIdentity) field(path string) deployment.Value {
	known := func(text string) deployment.Value {
		return deployment.Value{State: deployment.Known, Text: deployment.Text(text)}
	}
	if m := labelPath.FindStringSubmatch(path); m != nil {
		if m[1] == "labels" {
			return p.label(path, m[2])
		}
		return known(p.workload.template().Annotations[m[2]])
	}
	switch path {
	case "metadata.namespace":
		return known(p.workload.Namespace)
	case deployment.FieldPodName:
		if p.named {
			return known(p.replica.Name)
		}
	case "spec.serviceAccountName":
		spec := p.workload.template().Spec
		return known(cmp.Or(spec.ServiceAccountName, spec.DeprecatedServiceAccount, "default"))
	case deployment.FieldHostIP:
		// With the host's network the pod's address is the host's.
		if p.workload.template().Spec.HostNetwork {
			path = deployment.FieldPodIP
		}
	}
	return deployment.Value{State: deployment.Known, Text: deployment.Symbol(path, p.replica.Name)}
}

// Labels that a pod gets from its controller, the same for all of one revision, and
// from its node.
var (
	controllerLabels = []string{"controller-revision-hash", "pod-template-hash", "pod-template-generation", "rollouts-pod-template-hash"}
	nodeLabels       = []string{corev1.LabelTopologyZone, corev1.LabelTopologyRegion}
)

// label is a label of the pod; one that the pod does not have is empty.
func (p podIdentity) label(path, key string) deployment.Value {
	value := deployment.Value{State: deployment.Known, Text: deployment.Text(p.replica.Labels[key])}
	if _, has := p.replica.Labels[key]; has {
		return value
	}
	switch {
	case slices.Contains(controllerLabels, key):
		value.Text = deployment.Symbol(path, p.workload.Name)
	case slices.Contains(nodeLabels, key):
		value.Text = deployment.Symbol(path, p.replica.Name)
	}
	return value
}

// duplicates lists the names that stand more than once in the container's env,
// where the later entry is another one.
func (in *input) duplicates(w workload) []deployment.Duplicate {
	container := w.coder()
	at := map[string]int{}
	var found []deployment.Duplicate
	for i, entry := range container.Env {
		before, seen := at[entry.Name]
		at[entry.Name] = i
		if !seen || reflect.DeepEqual(defaulted(entry), defaulted(container.Env[before])) {
			continue
		}
		where := origin(w.object, w.path("env", i)...)
		where.Container = container.Name
		found = append(found, deployment.Duplicate{
			Name: entry.Name, Effective: describe(entry), Replaced: describe(container.Env[before]), Origin: where,
		})
	}
	return found
}

// defaulted is an entry as the API server keeps it.
func defaulted(entry corev1.EnvVar) corev1.EnvVar {
	if entry.ValueFrom != nil && entry.ValueFrom.FieldRef != nil {
		entry = *entry.DeepCopy()
		entry.ValueFrom.FieldRef.APIVersion = cmp.Or(entry.ValueFrom.FieldRef.APIVersion, "v1")
	}
	return entry
}
