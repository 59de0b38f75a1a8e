package kube

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// mountedFile is a file of a container.
type mountedFile struct {
	// What names the object that holds the file, or should: Secret coder/coder-tls.
	What string
	// Key is the key of a Secret or ConfigMap that holds the file, where it is known
	// to be one; nil elsewhere.
	Key *deployment.Key
	// Known says that the file is in the input, with that content.
	Known   bool
	Content []byte
	// Absent says that all that could hold the file is in the input, and does not.
	Absent bool
}

// file finds a file of coderd's container through its mounts and the volumes of the
// pod. What no volume holds is part of the image, which is not in the input.
func (in *input) file(w workload, name string) mountedFile {
	mount, inside, ok := mountOf(w.coder().VolumeMounts, path.Clean(name))
	if !ok {
		return mountedFile{What: "the image"}
	}
	at := slices.IndexFunc(w.template().Spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
	if at < 0 || mount.SubPathExpr != "" {
		return mountedFile{What: "volume " + mount.Name}
	}
	return in.volumeFile(w.Namespace, w.template().Spec.Volumes[at], path.Join(mount.SubPath, inside))
}

// mountOf is the mount that holds a path: the one with the longest path of its own.
// The rest is the path within what it mounts.
func mountOf(mounts []corev1.VolumeMount, file string) (best corev1.VolumeMount, rest string, ok bool) {
	for _, mount := range mounts {
		dir := path.Clean(mount.MountPath)
		inside, below := strings.CutPrefix(file, strings.TrimSuffix(dir, "/")+"/")
		if file != dir && !below || ok && len(dir) < len(best.MountPath) {
			continue
		}
		if file == dir {
			inside = ""
		}
		best, rest, ok = mount, inside, true
		best.MountPath = dir
	}
	return best, rest, ok
}

// volumeFile reads a file of a volume.
func (in *input) volumeFile(namespace string, volume corev1.Volume, file string) mountedFile {
	var sources []volumeSource
	switch {
	case volume.Secret != nil:
		sources = append(sources, volumeSource{key: deployment.Key{Kind: "Secret", Namespace: namespace, Name: volume.Secret.SecretName}, items: volume.Secret.Items})
	case volume.ConfigMap != nil:
		sources = append(sources, volumeSource{key: deployment.Key{Kind: "ConfigMap", Namespace: namespace, Name: volume.ConfigMap.Name}, items: volume.ConfigMap.Items})
	case volume.Projected != nil:
		for _, source := range volume.Projected.Sources {
			sources = append(sources, projected(namespace, source))
		}
	default:
		return mountedFile{What: "volume " + volume.Name}
	}
	// Of two sources with one path the kubelet takes the later one.
	slices.Reverse(sources)
	var unread []volumeSource
	for _, s := range sources {
		found, may := in.sourceFile(s, file)
		if found != nil {
			return *found
		}
		if may {
			unread = append(unread, s)
		}
	}
	if len(unread) > 0 {
		// The first one of the manifest is the one that people mean as a rule.
		likely := unread[len(unread)-1]
		name, _ := likely.keyOf(file)
		key := likely.key
		key.Key = name
		return mountedFile{What: nameOf(likely.key), Key: &key}
	}
	absent := mountedFile{What: "volume " + volume.Name, Absent: true}
	if len(sources) == 1 && sources[0].key.Kind != "" {
		absent.What = nameOf(sources[0].key)
	}
	return absent
}

// volumeSource is one part of a volume: a Secret or ConfigMap, or paths that the
// kubelet fills with something else.
type volumeSource struct {
	key   deployment.Key
	items []corev1.KeyToPath
	// made are the paths of what is neither Secret nor ConfigMap, by what makes it.
	made map[string]string
}

func projected(namespace string, source corev1.VolumeProjection) volumeSource {
	switch {
	case source.Secret != nil:
		return volumeSource{key: deployment.Key{Kind: "Secret", Namespace: namespace, Name: source.Secret.Name}, items: source.Secret.Items}
	case source.ConfigMap != nil:
		return volumeSource{key: deployment.Key{Kind: "ConfigMap", Namespace: namespace, Name: source.ConfigMap.Name}, items: source.ConfigMap.Items}
	}
	made := map[string]string{}
	if token := source.ServiceAccountToken; token != nil {
		made[token.Path] = "the token of the ServiceAccount"
	}
	if bundle := source.ClusterTrustBundle; bundle != nil {
		made[bundle.Path] = "a ClusterTrustBundle"
	}
	if fields := source.DownwardAPI; fields != nil {
		for _, item := range fields.Items {
			made[item.Path] = "the downward API"
		}
	}
	if pod := source.PodCertificate; pod != nil {
		for _, file := range []string{pod.CredentialBundlePath, pod.KeyPath, pod.CertificateChainPath} {
			made[file] = "a PodCertificate"
		}
	}
	return volumeSource{made: made}
}

// keyOf is the key of the object that becomes the file; ok is false where the items
// leave it out.
func (s volumeSource) keyOf(file string) (key string, ok bool) {
	if len(s.items) == 0 {
		// Keys hold no slash, so that no folder can be meant.
		return file, !strings.Contains(file, "/") && file != ""
	}
	for _, item := range s.items {
		if path.Clean(item.Path) == file {
			return item.Key, true
		}
	}
	return "", false
}

// sourceFile reads a file of one source; nil where that does not hold it, or may
// hold it and is not in the input.
func (in *input) sourceFile(s volumeSource, file string) (found *mountedFile, may bool) {
	if made := s.made[file]; made != "" {
		return &mountedFile{What: made}, false
	}
	if s.key.Kind == "" {
		return nil, false
	}
	name, has := s.keyOf(file)
	if !has {
		return nil, false
	}
	data, given := in.data(s.key)
	if !given {
		return nil, true
	}
	text, ok := data[name]
	if binary, is := in.configMaps[s.key.Namespace+"/"+s.key.Name].BinaryData[name]; is && s.key.Kind == "ConfigMap" {
		text, ok = string(binary), true
	}
	if !ok {
		return nil, false
	}
	key := s.key
	key.Key = name
	return &mountedFile{What: nameOf(s.key), Key: &key, Known: true, Content: []byte(text)}, false
}
