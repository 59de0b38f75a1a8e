package kube

import (
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// certificates finds the content of the files that CODER_TLS_CERT_FILE names,
// through the container's mounts and the pod's volumes.
func (in *input) certificates(w workload, r deployment.Replica) []deployment.Certificate {
	files := r.Env(coder.TLSCertFile)
	if !files.Set() {
		return nil
	}
	var found []deployment.Certificate
	for _, file := range files.List() {
		what, content := "the file "+file, []byte(nil)
		if volume, key, ok := mounted(w, file); ok {
			what, content = in.volumeFile(w.Namespace, volume, key)
		}
		found = append(found, deployment.NewCertificate(file, what, content))
	}
	return found
}

// mounted finds the volume that holds a path of the container, and the path
// within it.
func mounted(w workload, file string) (volume corev1.Volume, key string, ok bool) {
	var best corev1.VolumeMount
	for _, mount := range w.coder().VolumeMounts {
		dir := strings.TrimSuffix(mount.MountPath, "/")
		if (file == dir || strings.HasPrefix(file, dir+"/")) && len(dir) >= len(best.MountPath) {
			best, ok = mount, true
			best.MountPath = dir
		}
	}
	if !ok {
		return volume, "", false
	}
	key = path.Join(best.SubPath, strings.TrimPrefix(strings.TrimPrefix(file, best.MountPath), "/"))
	for _, candidate := range w.template().Spec.Volumes {
		if candidate.Name == best.Name {
			return candidate, key, true
		}
	}
	return volume, "", false
}

// volumeFile reads a file of a volume; what names the object that holds it.
func (in *input) volumeFile(namespace string, volume corev1.Volume, file string) (what string, content []byte) {
	var key deployment.Key
	var items []corev1.KeyToPath
	switch {
	case volume.Secret != nil:
		key, items = deployment.Key{Kind: "Secret", Namespace: namespace, Name: volume.Secret.SecretName}, volume.Secret.Items
	case volume.ConfigMap != nil:
		key, items = deployment.Key{Kind: "ConfigMap", Namespace: namespace, Name: volume.ConfigMap.Name}, volume.ConfigMap.Items
	case volume.Projected != nil:
		for _, source := range volume.Projected.Sources {
			if s := source.Secret; s != nil {
				key, items = deployment.Key{Kind: "Secret", Namespace: namespace, Name: s.Name}, s.Items
			}
		}
	}
	if key.Kind == "" {
		return "volume " + volume.Name, nil
	}
	for _, item := range items {
		if item.Path == file {
			file = item.Key
			break
		}
	}
	data, _ := in.data(key)
	return nameOf(key), []byte(data[file])
}
