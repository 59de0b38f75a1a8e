package e2e

import (
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// containerCase is a container whose environment and files the kubelet makes, and
// the plugin reads from the manifests.
type containerCase struct {
	container corev1.Container
	// files are the paths to look at.
	files []string
	// open says that something of it is not in the manifests, so that the plugin
	// may not know a value.
	open bool
}

// containerCases generates such containers. Its pods share their volumes.
type containerCases struct {
	rng        *rand.Rand
	configMaps []corev1.ConfigMap
	secrets    []corev1.Secret
}

// variableNames are few, so that names meet.
var variableNames = []string{"ALPHA", "BETA", "GAMMA", "DELTA", "P_ALPHA", "lower.case-9", "PATH"}

// keys of ConfigMaps and Secrets; not all are names that a shell takes.
var keys = []string{"ALPHA", "BETA", "GAMMA", "tls.crt", "ca-bundle.pem", "9", "_x"}

func pick[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }

func newContainerCases(seed uint64) *containerCases {
	c := &containerCases{rng: rand.New(rand.NewPCG(seed, seed))}
	for i := range 3 {
		data, secret := map[string]string{}, map[string][]byte{}
		for _, key := range keys {
			if c.rng.IntN(3) > 0 {
				data[key] = c.certificate(fmt.Sprint("ConfigMap ", i, key))
			}
			if c.rng.IntN(3) > 0 {
				secret[key] = []byte(c.certificate(fmt.Sprint("Secret ", i, key)))
			}
		}
		c.configMaps = append(c.configMaps, corev1.ConfigMap{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("config-", i)}, Data: data,
		})
		c.secrets = append(c.secrets, corev1.Secret{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("secret-", i)}, Data: secret,
		})
	}
	return c
}

// certificate is a text that the plugin keeps of a file, and that has a $(NAME),
// which stays as it is where it comes from a ConfigMap.
func (c *containerCases) certificate(what string) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(what + " $(ALPHA)")}))
}

// pod is a pod template with its cases, one for each container.
func (c *containerCases) pod(containers int) (corev1.PodSpec, []*containerCase) {
	none := int64(0)
	spec := corev1.PodSpec{
		TerminationGracePeriodSeconds: &none, AutomountServiceAccountToken: new(bool),
		EnableServiceLinks: new(c.rng.IntN(2) == 0),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
	for i := range 5 {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: fmt.Sprint("v", i), VolumeSource: c.volume()})
	}
	var cases []*containerCase
	for i := range containers {
		one := c.next(fmt.Sprint("c", i), spec.Volumes)
		cases = append(cases, one)
		spec.Containers = append(spec.Containers, one.container)
	}
	return spec, cases
}

// next is one container.
func (c *containerCases) next(name string, volumes []corev1.Volume) *containerCase {
	one := &containerCase{container: corev1.Container{
		Name: name, Image: images.Load, ImagePullPolicy: corev1.PullNever,
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(bool), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}},
	}}
	for range c.rng.IntN(4) {
		one.container.EnvFrom = append(one.container.EnvFrom, c.envFrom(one))
	}
	for range 2 + c.rng.IntN(7) {
		one.container.Env = append(one.container.Env, c.entry(one))
	}
	for i, volume := range volumes {
		if c.rng.IntN(2) == 0 {
			c.mount(one, fmt.Sprint("/m", i), volume)
		}
	}
	if len(one.files) > 0 {
		one.container.Env = append(one.container.Env, corev1.EnvVar{Name: "CODER_TLS_CERT_FILE", Value: strings.Join(one.files, ",")})
	}
	one.container.Args = append([]string{"look"}, one.files...)
	return one
}

func (c *containerCases) envFrom(one *containerCase) corev1.EnvFromSource {
	from := corev1.EnvFromSource{Prefix: pick(c.rng, []string{"", "", "P_", "x-"})}
	reference, optional := c.reference(one)
	if c.rng.IntN(2) == 0 {
		from.ConfigMapRef = &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "config-" + reference}, Optional: optional}
	} else {
		from.SecretRef = &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "secret-" + reference}, Optional: optional}
	}
	return from
}

// reference is the end of the name of a ConfigMap or Secret, and whether it need
// not be there.
func (c *containerCases) reference(one *containerCase) (name string, optional *bool) {
	if c.rng.IntN(8) == 0 {
		one.open = true
		return "missing", new(true)
	}
	return fmt.Sprint(c.rng.IntN(len(c.configMaps))), nil
}

// fragments are what values are made of.
var fragments = []string{
	"text", "$(ALPHA)", "$(BETA)", "$(GAMMA)", "$(DELTA)", "$(P_ALPHA)", "$(lower.case-9)", "$$(ALPHA)", "$$$(BETA)", "$$", "$", "$(", "$(ALPHA", ")",
	"$(NOT_THERE)", "$()", "$( ALPHA)", " ", "ü", "\n", "$(ALPHA)$(BETA)", "$HOME", "${ALPHA}", "$(KUBERNETES_SERVICE_HOST)", "$(PATH)",
}

// fields of the downward API.
var fields = []string{
	"metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels['app']", "metadata.labels['not-there']", "metadata.annotations['example.com/note']",
	"metadata.labels['statefulset.kubernetes.io/pod-name']", "metadata.labels['apps.kubernetes.io/pod-index']", "metadata.labels['controller-revision-hash']",
	"spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
}

func (c *containerCases) entry(one *containerCase) corev1.EnvVar {
	entry := corev1.EnvVar{Name: pick(c.rng, variableNames)}
	if c.rng.IntN(5) < 3 {
		for range c.rng.IntN(5) {
			entry.Value += pick(c.rng, fragments)
		}
		one.open = one.open || strings.Contains(entry.Value, "KUBERNETES_")
		return entry
	}
	entry.ValueFrom = &corev1.EnvVarSource{}
	switch c.rng.IntN(6) {
	case 0:
		one.open = true
		entry.ValueFrom.ResourceFieldRef = &corev1.ResourceFieldSelector{Resource: "limits.memory"}
	case 1:
		reference, optional := c.reference(one)
		selector := &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "config-" + reference}, Key: pick(c.rng, keys), Optional: optional}
		if optional == nil && !c.hasKey(selector.Name, selector.Key) {
			selector.Optional, one.open = new(true), true
		}
		entry.ValueFrom.ConfigMapKeyRef = selector
	case 2:
		reference, optional := c.reference(one)
		selector := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "secret-" + reference}, Key: pick(c.rng, keys), Optional: optional}
		if optional == nil && !c.hasKey(selector.Name, selector.Key) {
			selector.Optional, one.open = new(true), true
		}
		entry.ValueFrom.SecretKeyRef = selector
	default:
		entry.ValueFrom.FieldRef = &corev1.ObjectFieldSelector{FieldPath: pick(c.rng, fields)}
	}
	return entry
}

// keysOf are those of a ConfigMap or Secret, in order.
func (c *containerCases) keysOf(name string) []string {
	var found []string
	for i := range c.configMaps {
		for _, key := range keys {
			_, config := c.configMaps[i].Data[key]
			_, secret := c.secrets[i].Data[key]
			if c.configMaps[i].Name == name && config || c.secrets[i].Name == name && secret {
				found = append(found, key)
			}
		}
	}
	return found
}

func (c *containerCases) hasKey(name, key string) bool { return slices.Contains(c.keysOf(name), key) }

// volume is a volume of one source, or of several with paths that meet.
func (c *containerCases) volume() corev1.VolumeSource {
	switch c.rng.IntN(4) {
	case 0:
		name := fmt.Sprint("config-", c.rng.IntN(len(c.configMaps)))
		return corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: c.items(name)}}
	case 1:
		name := fmt.Sprint("secret-", c.rng.IntN(len(c.secrets)))
		return corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name, Items: c.items(name)}}
	}
	projected := &corev1.ProjectedVolumeSource{}
	for range 1 + c.rng.IntN(4) {
		var source corev1.VolumeProjection
		switch c.rng.IntN(6) {
		case 0:
			source.DownwardAPI = &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
				Path: pick(c.rng, []string{"labels", "ALPHA"}), FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"},
			}}}
		case 1, 2:
			name := fmt.Sprint("config-", c.rng.IntN(len(c.configMaps)))
			source.ConfigMap = &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: c.items(name)}
		case 3:
			source.ConfigMap = &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "config-missing"}, Optional: new(true)}
		default:
			name := fmt.Sprint("secret-", c.rng.IntN(len(c.secrets)))
			source.Secret = &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: c.items(name)}
		}
		projected.Sources = append(projected.Sources, source)
	}
	return corev1.VolumeSource{Projected: withoutConflicts(projected)}
}

// withoutConflicts leaves out sources whose written paths stand in an earlier one:
// the API server refuses them.
func withoutConflicts(projected *corev1.ProjectedVolumeSource) *corev1.ProjectedVolumeSource {
	seen := map[string]bool{}
	projected.Sources = slices.DeleteFunc(projected.Sources, func(source corev1.VolumeProjection) bool {
		paths := writtenPaths(source)
		if slices.ContainsFunc(paths, func(p string) bool { return seen[p] }) {
			return true
		}
		for _, p := range paths {
			seen[p] = true
		}
		return false
	})
	return projected
}

func writtenPaths(source corev1.VolumeProjection) []string {
	var items []corev1.KeyToPath
	var paths []string
	switch {
	case source.ConfigMap != nil:
		items = source.ConfigMap.Items
	case source.Secret != nil:
		items = source.Secret.Items
	case source.DownwardAPI != nil:
		paths = append(paths, source.DownwardAPI.Items[0].Path)
	}
	for _, item := range items {
		paths = append(paths, item.Path)
	}
	return paths
}

// items choose keys and say where they go; none means all.
func (c *containerCases) items(of string) []corev1.KeyToPath {
	if c.rng.IntN(2) == 0 {
		return nil
	}
	var items []corev1.KeyToPath
	for _, key := range c.keysOf(of) {
		if c.rng.IntN(2) == 0 {
			items = append(items, corev1.KeyToPath{Key: key, Path: pick(c.rng, []string{"", "sub/", "sub/deep/"}) + pick(c.rng, []string{key, "renamed-" + key})})
		}
	}
	return items
}

// mount mounts a volume, or one file of it, and asks for files that are there and
// for others.
func (c *containerCases) mount(one *containerCase, at string, volume corev1.Volume) {
	mount := corev1.VolumeMount{Name: volume.Name, MountPath: at, ReadOnly: c.rng.IntN(2) == 0}
	var inside []string
	for _, source := range sourcesOf(volume) {
		written := writtenPaths(source)
		inside = append(inside, written...)
		if len(written) > 0 {
			continue
		}
		if source.ConfigMap != nil {
			inside = append(inside, c.keysOf(source.ConfigMap.Name)...)
		}
		if source.Secret != nil {
			inside = append(inside, c.keysOf(source.Secret.Name)...)
		}
	}
	if len(inside) > 0 && c.rng.IntN(3) == 0 {
		mount.SubPath, mount.MountPath = pick(c.rng, inside), path.Join("/single", at)
		one.files = append(one.files, mount.MountPath)
	} else {
		for _, file := range append(inside, keys...) {
			if name := path.Join(at, file); c.rng.IntN(3) == 0 && !slices.Contains(one.files, name) {
				one.files = append(one.files, name)
			}
		}
	}
	one.container.VolumeMounts = append(one.container.VolumeMounts, mount)
}

// sourcesOf are the parts of a volume.
func sourcesOf(volume corev1.Volume) []corev1.VolumeProjection {
	switch {
	case volume.ConfigMap != nil:
		return []corev1.VolumeProjection{{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: volume.ConfigMap.LocalObjectReference, Items: volume.ConfigMap.Items}}}
	case volume.Secret != nil:
		return []corev1.VolumeProjection{{Secret: &corev1.SecretProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: volume.Secret.SecretName}, Items: volume.Secret.Items,
		}}}
	default:
		return volume.Projected.Sources
	}
}
