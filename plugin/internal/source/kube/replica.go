package kube

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"strconv"

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
			return known(p.replica.Labels[m[2]])
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
		return known(p.workload.template().Spec.ServiceAccountName)
	case deployment.FieldHostIP:
		// With the host's network the pod's address is the host's.
		if p.workload.template().Spec.HostNetwork {
			path = deployment.FieldPodIP
		}
	}
	return deployment.Value{State: deployment.Known, Text: deployment.Symbol(path, p.replica.Name)}
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
		if !seen || reflect.DeepEqual(entry, container.Env[before]) {
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
