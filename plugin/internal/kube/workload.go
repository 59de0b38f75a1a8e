package kube

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/manifest"
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

// workload is a deployment.Workload with the object it was read from.
type workload struct {
	deployment.Workload
	object manifest.Object
}

// findWorkloads finds what runs coderd.
func (in *input) findWorkloads() ([]workload, error) {
	var all, coder []workload
	for _, o := range in.objects {
		// What has an owner, such as a Deployment's ReplicaSet, is run by that.
		if !slices.Contains(workloadKinds, o.Kind) || o.Node("metadata", "ownerReferences") != nil {
			continue
		}
		var owner podOwner
		if err := o.Into(&owner); err != nil {
			return nil, err
		}
		container, runsCoder := coderContainer(owner.Spec.Template.Spec.Containers)
		if len(owner.Spec.Template.Spec.Containers) == 0 {
			continue
		}
		w := workload{
			Workload: deployment.Workload{
				Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Container: container,
				Replicas: in.count(o, owner), Pod: owner.Spec.Template,
				NamespaceLabels: in.namespaces[o.Namespace], Origin: origin(o),
			},
			object: o,
		}
		all = append(all, w)
		if runsCoder {
			coder = append(coder, w)
		}
	}
	if len(in.Workloads) > 0 {
		return pick(all, in.Workloads)
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

// count is how many replicas the workload may run: its own number, or the
// maximum of an autoscaler that targets it. A DaemonSet runs one for each node,
// which are taken for two.
func (in *input) count(o manifest.Object, owner podOwner) int {
	n := 1
	if owner.Spec.Replicas != nil {
		n = int(*owner.Spec.Replicas)
	}
	if o.Kind == "DaemonSet" {
		n = 2
	}
	type autoscaler struct {
		Spec struct {
			Target      struct{ Kind, Name string } `json:"scaleTargetRef"`
			MaxReplicas int                         `json:"maxReplicas"`
		} `json:"spec"`
	}
	// An autoscaler that does not decode cannot raise the number.
	_ = each(in, "autoscaling", "HorizontalPodAutoscaler", func(h manifest.Object, a autoscaler) {
		if h.Namespace == o.Namespace && a.Spec.Target.Kind == o.Kind && a.Spec.Target.Name == o.Name {
			n = max(n, a.Spec.MaxReplicas)
		}
	})
	return n
}

// pick finds the workloads that the user names.
func pick(all []workload, wanted []string) ([]workload, error) {
	var picked []workload
	for _, want := range wanted {
		kind, name, hasKind := strings.Cut(want, "/")
		if !hasKind {
			kind, name = "", want
		}
		i := slices.IndexFunc(all, func(w workload) bool {
			return w.Name == name && (kind == "" || strings.EqualFold(w.Kind, kind))
		})
		if i < 0 {
			return nil, fmt.Errorf("--workload %s is not in the input: it has %s", want, list(names(all)))
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

func names(all []workload) []string {
	var out []string
	for _, w := range all {
		out = append(out, w.Kind+"/"+w.Name)
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
func coderContainer(containers []corev1.Container) (index int, runsCoder bool) {
	for i, c := range containers {
		if runsServer(c) {
			return i, true
		}
	}
	return 0, false
}

// otherCommands are sub-commands of the coder binary that are not coderd.
var otherCommands = []string{"wsproxy", "workspace-proxy", "provisionerd", "provisioner", "agent", "ai-gateway", "exp", "port-forward", "ssh"}

// runsServer says whether a container runs coderd: by its command, else by its
// image or by settings that only coderd has.
func runsServer(c corev1.Container) bool {
	words := slices.Concat(c.Command, c.Args)
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(otherCommands, w) }) {
		return false
	}
	repo, _ := splitImage(c.Image)
	if path.Base(repo) == "coder" || strings.HasSuffix(repo, "/coder/coder") {
		return true
	}
	if len(words) > 1 && path.Base(words[0]) == "coder" && words[1] == "server" {
		return true
	}
	return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return e.Name == "CODER_PG_CONNECTION_URL" || e.Name == "CODER_DERP_SERVER_RELAY_URL" || e.Name == "CODER_ACCESS_URL"
	})
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

// selects says whether a label selector matches; one that is not valid does
// not.
func selects(selector *metav1.LabelSelector, set map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(set))
}
