package kube

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// workloadKinds are the kinds whose spec.template is a pod that keeps running.
// Rollout is Argo's, DeploymentConfig OpenShift's; both have that shape.
var workloadKinds = []string{"StatefulSet", "Deployment", "DaemonSet", "ReplicaSet", "Rollout", "DeploymentConfig"}

// podOwner is the part that these kinds have in common.
type podOwner struct {
	Spec struct {
		Replicas *int32                 `json:"replicas"`
		Template corev1.PodTemplateSpec `json:"template"`
		Ordinals struct {
			Start int32 `json:"start"`
		} `json:"ordinals"`
	} `json:"spec"`
}

// workload is a deployment.Workload with what it was read from.
type workload struct {
	deployment.Workload
	object manifest.Object
	owner  podOwner
	// container is the index of coderd's container in the pod.
	container int
	// version is that of Coder.
	version coder.Version
}

// template is the pod that the workload makes.
func (w workload) template() corev1.PodTemplateSpec { return w.owner.Spec.Template }

// coder is coderd's container.
func (w workload) coder() corev1.Container { return w.template().Spec.Containers[w.container] }

// findWorkloads finds what runs coderd.
func (in *input) findWorkloads() ([]workload, error) {
	var all, coder, like []workload
	for _, o := range in.objects {
		// What has an owner, such as a Deployment's ReplicaSet, is run by that.
		if !slices.Contains(workloadKinds, o.Kind) || o.Node("metadata", "ownerReferences") != nil {
			continue
		}
		var owner podOwner
		if err := o.Into(&owner); err != nil {
			return nil, err
		}
		container, evidence := coderContainer(owner.Spec.Template.Spec.Containers)
		if len(owner.Spec.Template.Spec.Containers) == 0 {
			continue
		}
		w := workload{
			Workload: deployment.Workload{
				Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
				Replicas: in.count(o, owner), Pod: pod(owner.Spec.Template, container),
				NamespaceLabels: in.namespaces[o.Namespace], Origin: origin(o),
			},
			object: o, owner: owner, container: container,
			version: version(in.CoderVersion, owner.Spec.Template.Spec.Containers[container].Image),
		}
		all = append(all, w)
		switch evidence {
		case runsServer:
			coder = append(coder, w)
		case hasSettings:
			like = append(like, w)
		case noEvidence:
		}
	}
	if len(coder) == 0 {
		coder = like
	}
	if len(in.Workloads) > 0 {
		return pick(all, in.Workloads, in.Namespace)
	}
	switch len(coder) {
	case 1:
		return coder, nil
	case 0:
		return nil, noCoder(names(all), len(in.objects))
	default:
		return nil, fmt.Errorf("several workloads run `coder server` (%s): name one with --workload, or repeat --workload for those that form one deployment", list(names(coder)))
	}
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

// otherCommands are sub-commands of the coder binary that are not coderd.
var otherCommands = []string{"wsproxy", "workspace-proxy", "provisionerd", "provisioner", "provisioners", "templates", "agent", "ai-gateway", "exp", "port-forward", "ssh"}

// evidenceOf looks at a container's command, its image and its settings.
func evidenceOf(c corev1.Container) evidence {
	words := slices.Concat(c.Command, c.Args)
	if runsOther(words) {
		return noEvidence
	}
	repo, _ := splitImage(c.Image)
	at := programAt(words)
	switch {
	case path.Base(repo) == "coder",
		at+1 < len(words) && path.Base(words[at]) == "coder" && words[at+1] == "server",
		startsServer.MatchString(strings.Join(words, "\n")):
		return runsServer
	case slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return e.Name == coder.PostgresURL || e.Name == coder.RelayURL || e.Name == coder.AccessURL
	}):
		return hasSettings
	}
	return noEvidence
}

// splitImage takes an image reference apart.
func splitImage(image string) (repo, tag string) {
	image, _, _ = strings.Cut(image, "@")
	slash := strings.LastIndex(image, "/")
	if colon := strings.LastIndex(image, ":"); colon > slash {
		return image[:colon], image[colon+1:]
	}
	return image, ""
}

// isTestHook says whether an object is run by `helm test` only.
func isTestHook(o manifest.Object) bool {
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
