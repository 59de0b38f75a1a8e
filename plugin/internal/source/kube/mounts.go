package kube

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// mounts are the volumes of coderd's container.
func mounts(w workload) []deployment.Mount {
	var out []deployment.Mount
	for i, m := range w.coder().VolumeMounts {
		mount := deployment.Mount{Path: path.Clean(m.MountPath), What: "volume " + m.Name, Part: m.SubPath, Origin: origin(w.object, w.path("volumeMounts", i)...)}
		mount.Origin.Container = w.coder().Name
		claimed := slices.ContainsFunc(w.owner.Spec.VolumeClaimTemplates, func(c claimTemplate) bool { return c.Metadata.Name == m.Name })
		at := slices.IndexFunc(w.template().Spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		switch {
		case claimed:
			// The claim of the pod's own replaces a volume of that name.
		case at < 0:
			mount.Sharing, mount.Why = deployment.UnclearSharing, "the pod does not list it"
		case ownFolder(w.coder(), m.SubPathExpr):
		case strings.Contains(m.SubPathExpr, "$("):
			mount.Sharing, mount.Why = deployment.UnclearSharing, "subPathExpr "+m.SubPathExpr+" names a folder in it"
		default:
			mount.What, mount.Sharing, mount.Why = shared(w.Namespace, w.template().Spec.Volumes[at])
		}
		out = append(out, mount)
	}
	return out
}

// ownFields of the downward API differ between pods.
var ownFields = []string{deployment.FieldPodName, "metadata.uid", "status.podIP"}

// ownFolder says whether a variable in a path names the pod.
func ownFolder(c corev1.Container, expression string) bool {
	return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return strings.Contains(expression, "$("+e.Name+")") && e.ValueFrom != nil && e.ValueFrom.FieldRef != nil &&
			slices.Contains(ownFields, e.ValueFrom.FieldRef.FieldPath)
	})
}

// shared says whether the pods that are made of one template have the same volume.
func shared(namespace string, v corev1.Volume) (what string, sharing deployment.Sharing, why string) {
	what = "volume " + v.Name
	switch {
	case v.VolumeSource == corev1.VolumeSource{}:
		// The API server makes it an emptyDir.
		return what, deployment.OwnVolume, ""
	case v.PersistentVolumeClaim != nil:
		return "PersistentVolumeClaim " + namespace + "/" + v.PersistentVolumeClaim.ClaimName, deployment.SharedVolume, ""
	case v.NFS != nil:
		return "NFS " + v.NFS.Server + ":" + v.NFS.Path, deployment.SharedVolume, ""
	case v.CephFS != nil, v.Glusterfs != nil, v.AzureFile != nil:
		return what, deployment.SharedVolume, ""
	case v.HostPath != nil:
		return what, deployment.UnclearSharing, "replicas on one node share hostPath " + v.HostPath.Path
	case v.EmptyDir != nil, v.Ephemeral != nil, v.Secret != nil, v.ConfigMap != nil, v.DownwardAPI != nil, v.Projected != nil, v.Image != nil:
		return what, deployment.OwnVolume, ""
	}
	return what, deployment.UnclearSharing, "its driver decides"
}
