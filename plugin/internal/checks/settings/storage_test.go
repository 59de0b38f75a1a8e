package settings

import (
	"encoding/base64"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// mounted mounts a volume into coderd's container.
func mounted(path string, source corev1.VolumeSource) func(*checktest.World) {
	return func(w *checktest.World) {
		name := "volume-" + string(rune('a'+len(w.Pod().Volumes)))
		w.Pod().Volumes = append(w.Pod().Volumes, corev1.Volume{Name: name, VolumeSource: source})
		w.Container().VolumeMounts = append(w.Container().VolumeMounts, corev1.VolumeMount{Name: name, MountPath: path})
	}
}

// all makes several changes.
func all(changes ...func(*checktest.World)) func(*checktest.World) {
	return func(w *checktest.World) {
		for _, change := range changes {
			change(w)
		}
	}
}

// cacheIs sets the cache directory.
func cacheIs(directory string) func(*checktest.World) {
	return func(w *checktest.World) { w.Set(coder.CacheDirectory, directory) }
}

func claim(name string) corev1.VolumeSource {
	return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}
}

// keys sets encryption keys of these sizes.
func keys(separator string, sizes ...int) func(*checktest.World) {
	var list []string
	for _, size := range sizes {
		list = append(list, base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", size))))
	}
	return func(w *checktest.World) { w.Set(coder.EncryptionKeys, strings.Join(list, separator)) }
}

func storageCases(_ *testing.T, c *checktest.Cases) {
	own := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	cache := all(cacheIs("/cache/coder"), mounted("/cache", claim("cache")))
	perPod := func(field string) func(*checktest.World) {
		return func(w *checktest.World) {
			cache(w)
			w.Container().Env = append(w.Container().Env, checktest.Field("FOLDER", field))
			w.Container().VolumeMounts[0].SubPathExpr = "$(FOLDER)"
		}
	}
	const second = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: second, namespace: coder}, spec: {replicas: 1, template: {metadata: {labels: {app: second}}, spec: {
  containers: [{name: coder, image: "ghcr.io/coder/coder:v2.38.0", env: [{name: CODER_CACHE_DIRECTORY, value: /data}], volumeMounts: [{name: data, mountPath: /data}]}],
  volumes: [{name: data, persistentVolumeClaim: {claimName: cache}}]}}}}`
	c.About("cache-directory-shared",
		checktest.Passes("no volume", nil),
		checktest.Fires("a claim for all pods", "cache directory on PersistentVolumeClaim coder/cache", cache),
		checktest.Fires("a claim over the home", "PersistentVolumeClaim coder/home", mounted("/home/coder", claim("home"))),
		checktest.Passes("an own volume below the home", all(mounted("/home/coder", claim("home")), mounted("/home/coder/.cache", own))),
		checktest.Fires("a shared one below an own one", "coder/cache", all(mounted("/home/coder", own), mounted("/home/coder/.cache/", claim("cache")))),
		checktest.Passes("a folder whose name only begins the same", all(cacheIs("/cache2"), mounted("/cache", claim("cache")))),
		checktest.Passes("a claim for something else", mounted("/etc/templates", claim("templates"))),
		checktest.Passes("an emptyDir", all(cacheIs("/cache"), mounted("/cache", own))),
		checktest.Passes("a claim for each pod", func(w *checktest.World) {
			cache(w)
			w.Pod().Volumes = nil
			w.Workload.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "volume-a"}}}
		}),
		checktest.Passes("a folder for each pod", perPod("metadata.name")),
		checktest.Skips("a folder for each namespace", "subPathExpr", perPod("metadata.namespace")),
		checktest.Fires("NFS", "NFS files.example.com:/cache", all(cacheIs("/cache"), mounted("/cache", corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "files.example.com", Path: "/cache"}}))),
		checktest.Skips("a folder of the node", "replicas on one node share", all(cacheIs("/cache"), mounted("/cache", corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/cache"}}))),
		checktest.Skips("a driver", "its driver decides", all(cacheIs("/cache"), mounted("/cache", corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "files.example.com"}}))),
		checktest.Skips("the home of another image", "the image decides", func(w *checktest.World) {
			mounted("/home/coder", claim("home"))(w)
			w.Container().Image = "registry.example.com/portal:1"
			w.Container().Command = []string{"coder", "server"}
		}),
		checktest.Skips("another home", "the image decides", func(w *checktest.World) {
			mounted("/home/coder", claim("home"))(w)
			w.Set("HOME", "/root")
		}),
		checktest.Skips("a Secret that is not there may set it", "Secret coder/more", func(w *checktest.World) {
			mounted("/cache", claim("cache"))(w)
			w.EnvFromSecret("more")
		}),
		checktest.Skips("one replica", "one replica", all(cache, replicas(1))),
		checktest.Fires("one claim for two workloads", "PersistentVolumeClaim coder/cache", func(w *checktest.World) {
			cache(w)
			w.Replicas(1)
			w.Extra = append(w.Extra, second)
			w.Options.Workloads = []string{"coder", "second"}
		}),
		checktest.Skips("hosts", "a folder of the host's own", checktest.OnHosts(nil)),
		checktest.Skips("hosts that set it", "the file system behind", checktest.OnHosts(func(h *checktest.HostFiles) { h.AddAll("CODER_CACHE_DIRECTORY=/mnt/cache") })),
	)
	c.About("encryption-keys-invalid",
		checktest.Skips("none", "no encryption keys are set", nil),
		checktest.Passes("one of 32 bytes", keys(",", 32)),
		checktest.Passes("several of 32 bytes", keys(",", 32, 32)),
		checktest.Fires("16 bytes", "encryption key 1 of 1 has 16 bytes", keys(",", 16)),
		checktest.Fires("the second one", "encryption key 2 of 2 has 33 bytes", keys(",", 32, 33)),
		checktest.Fires("a space", "encryption key 2 of 2 is not in base64", keys(", ", 32, 32)),
		checktest.Fires("hexadecimal", "encryption key 1 of 1 has 48 bytes", func(w *checktest.World) { w.Set(coder.EncryptionKeys, strings.Repeat("0f", 32)) }),
		checktest.Fires("no base64", "encryption key 1 of 1 is not in base64", func(w *checktest.World) { w.Set(coder.EncryptionKeys, checktest.Secret+"!") }),
		checktest.Skips("a Secret that is not there", "Secret coder/keys", func(w *checktest.World) {
			w.Put(corev1.EnvVar{Name: coder.EncryptionKeys, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}, Key: "keys",
			}}})
		}),
		checktest.Fires("hosts", "has 3 bytes", added("CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS=YWJj")),
	)
}
