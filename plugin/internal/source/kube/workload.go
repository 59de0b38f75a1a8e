package kube

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// workloadKinds are the kinds whose spec.template is a pod that keeps running.
// Rollout is Argo's, DeploymentConfig OpenShift's; both have that shape.
var workloadKinds = []string{"StatefulSet", "Deployment", "DaemonSet", "ReplicaSet", "Rollout", "DeploymentConfig"}

// podKind is a pod that nothing else makes. It counts only where no workload runs
// coderd: beside one it is a job or a tool.
const podKind = "Pod"

// podOwner is the part that these kinds have in common.
type podOwner struct {
	Spec struct {
		Replicas *int32                 `json:"replicas"`
		Selector *metav1.LabelSelector  `json:"selector"`
		Template corev1.PodTemplateSpec `json:"template"`
		Ordinals struct {
			Start int32 `json:"start"`
		} `json:"ordinals"`
		ServiceName          string          `json:"serviceName"`
		VolumeClaimTemplates []claimTemplate `json:"volumeClaimTemplates"`
	} `json:"spec"`
}

// claimTemplate makes a claim for each pod of a StatefulSet.
type claimTemplate struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

// workload is a deployment.Workload with what it was read from.
type workload struct {
	deployment.Workload
	object manifest.Object
	owner  podOwner
	// spec is the path of the pod's spec in the object.
	spec []any
	// container is the index of coderd's container in the pod.
	container int
	// version is that of Coder.
	version coder.Version
}

// template is the pod that the workload makes.
func (w workload) template() corev1.PodTemplateSpec { return w.owner.Spec.Template }

// coder is coderd's container.
func (w workload) coder() corev1.Container { return w.template().Spec.Containers[w.container] }

// path is a path below coderd's container in the object.
func (w workload) path(path ...any) []any {
	return slices.Concat(w.spec, []any{"containers", w.container}, path)
}

// findWorkloads finds what runs coderd: near where its name stands, or else anywhere.
func (in *input) findWorkloads() ([]workload, error) {
	found, err := in.nearWorkloads()
	if err != nil && in.near != nil {
		in.near = nil
		if err := in.index(); err != nil {
			return nil, err
		}
		return in.nearWorkloads()
	}
	return found, err
}

func (in *input) nearWorkloads() ([]workload, error) {
	found, err := in.workloadsOf(workloadKinds)
	if err != nil {
		return nil, err
	}
	var pods candidates
	if len(in.Workloads) > 0 || len(found.coder)+len(found.like) == 0 {
		if pods, err = in.workloadsOf([]string{podKind}); err != nil {
			return nil, err
		}
	}
	all := slices.Concat(found.all, pods.all)
	in.owners = all
	if len(in.Workloads) > 0 {
		return pick(all, in.Workloads, in.Namespace)
	}
	for _, coder := range [][]workload{found.coder, found.like, pods.coder, pods.like} {
		switch len(coder) {
		case 0:
		case 1:
			return coder, nil
		default:
			return nil, fmt.Errorf("several workloads run `coder server` (%s): name one with --workload, or repeat --workload for those that form one deployment", list(names(coder)))
		}
	}
	return nil, noCoder(names(all), len(in.objects))
}

// candidates are workloads by the evidence that they run coderd.
type candidates struct{ all, coder, like []workload }

// workloadsOf reads the workloads of some kinds.
func (in *input) workloadsOf(kinds []string) (candidates, error) {
	var out candidates
	for _, o := range in.objects {
		// What has an owner, such as a Deployment's ReplicaSet, is run by that.
		if !slices.Contains(kinds, o.Kind) || in.far(o) || o.Node("metadata", "ownerReferences") != nil {
			continue
		}
		owner, spec, err := ownerOf(o)
		if err != nil {
			return candidates{}, err
		}
		container, evidence := coderContainer(owner.Spec.Template.Spec.Containers)
		if len(owner.Spec.Template.Spec.Containers) == 0 {
			continue
		}
		w := workload{
			Workload: deployment.Workload{
				Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
				Replicas: in.count(o, owner), Pod: pod(owner.Spec.Template, container),
				NamespaceLabels: in.namespaces[o.Namespace].labels, NamespaceAnnotations: in.namespaces[o.Namespace].annotations,
				Origin: origin(o), ServiceName: owner.Spec.ServiceName,
			},
			object: o, owner: owner, spec: spec, container: container,
			version: version(in.CoderVersion, owner.Spec.Template.Spec.Containers[container].Image),
		}
		w.Pod.LocalProxies = in.localProxies(o, owner)
		in.lifecycle(&w)
		out.all = append(out.all, w)
		switch evidence {
		case runsServer:
			out.coder = append(out.coder, w)
		case hasSettings:
			out.like = append(out.like, w)
		case noEvidence:
		}
	}
	return out, nil
}

// ownerOf reads what makes a pod, or the pod itself, and says where its spec is. A
// pod that Helm runs as a hook ends soon, and has no spec to find coderd in.
func ownerOf(o manifest.Object) (owner podOwner, spec []any, err error) {
	if o.Kind != podKind {
		return owner, []any{"spec", "template", "spec"}, o.Into(&owner)
	}
	if o.Node("metadata", "annotations", "helm.sh/hook") != nil {
		return owner, nil, nil
	}
	return owner, []any{"spec"}, o.Into(&owner.Spec.Template)
}

// pick finds the workloads that the user names. Of several with one name it takes
// the one in the namespace that the user names.
func pick(all []workload, wanted []string, namespace string) ([]workload, error) {
	var picked []workload
	for _, want := range wanted {
		kind, name, hasKind := strings.Cut(want, "/")
		if !hasKind {
			kind, name = "", want
		}
		var named, here []workload
		for _, w := range all {
			if w.Name != name || kind != "" && !strings.EqualFold(w.Kind, kind) {
				continue
			}
			named = append(named, w)
			if w.Namespace == namespace {
				here = append(here, w)
			}
		}
		if len(named) > 1 && len(here) > 0 {
			named = here
		}
		switch len(named) {
		case 1:
			picked = append(picked, named[0])
		case 0:
			return nil, fmt.Errorf("--workload %s is not in the input: it has %s", want, list(names(all)))
		default:
			return nil, fmt.Errorf("--workload %s is more than one (%s): say which with KIND/NAME and --namespace", want, list(names(named)))
		}
	}
	return picked, nil
}

// names are KIND/NAME, with the namespace where they need it to be told apart.
func names(all []workload) []string {
	seen := map[string]int{}
	for _, w := range all {
		seen[w.Kind+"/"+w.Name]++
	}
	var out []string
	for _, w := range all {
		name := w.Kind + "/" + w.Name
		if seen[name] > 1 {
			name += " in namespace " + w.Namespace
		}
		out = append(out, name)
	}
	return out
}

func list(names []string) string {
	if len(names) == 0 {
		return "no workload"
	}
	return strings.Join(names, ", ")
}

// coderContainer finds the container that runs coderd. Without one it is the
// first, for a workload that the user names.
func coderContainer(containers []corev1.Container) (index int, found evidence) {
	for i, c := range containers {
		if e := evidenceOf(c); e > found {
			index, found = i, e
		}
	}
	return index, found
}

// evidence says how sure it is that a container runs coderd.
type evidence int

const (
	noEvidence evidence = iota
	// hasSettings: it has variables of coderd, as a portal beside it may have.
	hasSettings
	// runsServer: its image or its command is coderd's.
	runsServer
)

// evidenceOf looks at a container's command, its image and its settings.
func evidenceOf(c corev1.Container) evidence {
	var words []word
	for _, text := range slices.Concat(c.Command, c.Args) {
		words = append(words, known(text))
	}
	p := starter{container: c.Name, env: func(name string) deployment.Value { return written(c, name) }}.programOf(c, words)
	repo, _, _ := deployment.SplitImage(c.Image)
	switch {
	case len(p.args) > 0 && p.does() != "":
		return noEvidence
	case p.coder, path.Base(repo) == binary:
		return runsServer
	case slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return e.Name == coder.PostgresURL || e.Name == coder.RelayURL || e.Name == coder.AccessURL
	}):
		return hasSettings
	}
	return noEvidence
}

// written is a variable as far as it is written in a container.
func written(c corev1.Container, name string) deployment.Value {
	for _, entry := range slices.Backward(c.Env) {
		if entry.Name == name && entry.ValueFrom == nil && !strings.Contains(entry.Value, "$(") {
			return deployment.Value{State: deployment.Known, Text: deployment.Text(entry.Value)}
		}
	}
	return deployment.Value{State: deployment.Unknown, Why: "it is read later"}
}

// isTestHook says whether an object is run by `helm test` only.
func isTestHook(o manifest.Object) bool {
	if !o.Mentions("helm.sh/hook") {
		return false
	}
	hook := o.Node("metadata", "annotations", "helm.sh/hook")
	if hook == nil {
		return false
	}
	for event := range strings.SplitSeq(hook.Value, ",") {
		if strings.HasPrefix(strings.TrimSpace(event), "test") {
			return true
		}
	}
	return false
}
