package chart_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestPlainPodValuesReachThePod(t *testing.T) {
	for _, kind := range []string{"StatefulSet", "Deployment"} {
		all := objects(t, `
coder:
  workloadKind: `+kind+`
  minReadySeconds: 5
  runtimeClassName: gvisor
  dnsConfig: {options: [{name: ndots, value: "2"}]}
  ephemeralStorage: {request: 1Gi, limit: 10Gi}`)
		pod := podOf(t, all).Spec
		assert.Equal(t, new("gvisor"), pod.RuntimeClassName)
		assert.Equal(t, []corev1.PodDNSConfigOption{{Name: "ndots", Value: new("2")}}, pod.DNSConfig.Options)
		resources := pod.Containers[0].Resources
		assert.Equal(t, resource.MustParse("1Gi"), resources.Requests[corev1.ResourceEphemeralStorage])
		assert.Equal(t, resource.MustParse("10Gi"), resources.Limits[corev1.ResourceEphemeralStorage])
		assert.Equal(t, resource.MustParse("4096Mi"), resources.Limits[corev1.ResourceMemory], "the default stays")
		if kind == "StatefulSet" {
			assert.Equal(t, int32(5), find[*appsv1.StatefulSet](t, all, "coder").Spec.MinReadySeconds)
		} else {
			assert.Equal(t, int32(5), find[*appsv1.Deployment](t, all, "coder").Spec.MinReadySeconds)
		}
	}
}

func TestTheUsersOwnEphemeralStorageWins(t *testing.T) {
	resources := coderOf(t, objects(t, `coder: {resources: {requests: {ephemeral-storage: 2Gi}}, ephemeralStorage: {request: 1Gi, limit: 5Gi}}`)).Resources
	assert.Equal(t, corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("2Gi")}, resources.Requests)
	assert.Equal(t, corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("5Gi")}, resources.Limits)
}

func TestServiceLabelsAndSourceRanges(t *testing.T) {
	service := find[*corev1.Service](t, objects(t, `coder: {service: {labels: {team: a}, loadBalancerSourceRanges: [192.0.2.0/24]}}`), "coder")
	assert.Equal(t, "a", service.Labels["team"])
	assert.Equal(t, "coder", service.Labels["app.kubernetes.io/name"])
	assert.Equal(t, []string{"192.0.2.0/24"}, service.Spec.LoadBalancerSourceRanges)
	service = find[*corev1.Service](t, objects(t, `coder: {service: {type: ClusterIP, loadBalancerSourceRanges: [192.0.2.0/24]}}`), "coder")
	assert.Empty(t, service.Spec.LoadBalancerSourceRanges, "only for load balancers")
}

func TestGOMEMLIMITIsAShareOfTheMemoryLimit(t *testing.T) {
	for limit, want := range map[string]string{
		`4096Mi`: "3686MiB", `8Gi`: "7372MiB", `1.5Gi`: "1382MiB", `8G`: "6866MiB",
		`4294967296`: "3686MiB", `"4294967296"`: "3686MiB", `"0.5Ti"`: "471859MiB",
	} {
		t.Run(limit, func(t *testing.T) {
			env := coderOf(t, objects(t, `coder: {goMemoryLimitPercent: 90, resources: {limits: {memory: `+limit+`}}}`)).Env
			assert.Contains(t, env, corev1.EnvVar{Name: "GOMEMLIMIT", Value: want})
		})
	}
	for name, values := range map[string]string{
		"not asked for":    `{}`,
		"no limit":         `coder: {goMemoryLimitPercent: 90, resources: {requests: {memory: 1Gi}}}`,
		"the user's value": `coder: {goMemoryLimitPercent: 90, env: [{name: GOMEMLIMIT, value: "off"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, entry := range coderOf(t, objects(t, values)).Env {
				assert.False(t, entry.Name == "GOMEMLIMIT" && entry.Value != "off", entry.Value)
			}
		})
	}
	assert.Contains(t, notes(t, `coder: {goMemoryLimitPercent: 90, resources: {requests: {memory: 1Gi}}}`), "GOMEMLIMIT is not set")
}

func TestAReadOnlyRootKeepsWhatCoderWritesToWritable(t *testing.T) {
	all := objects(t, `
provisionerDaemon: {pools: [{name: a, keySecretName: k}]}
coder: {readOnlyRoot: {enable: true, sizeLimit: 5Gi}}`)
	for _, pod := range []corev1.PodSpec{
		find[*appsv1.StatefulSet](t, all, "coder").Spec.Template.Spec,
		find[*appsv1.Deployment](t, all, "coder-provisioner-a").Spec.Template.Spec,
	} {
		assert.Equal(t, new(true), pod.Containers[0].SecurityContext.ReadOnlyRootFilesystem)
		emptyDir := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse("5Gi"))}}
		assert.Equal(t, []corev1.Volume{{Name: "writable-tmp", VolumeSource: emptyDir}, {Name: "writable-home-coder", VolumeSource: emptyDir}}, pod.Volumes)
		assert.Equal(t, []corev1.VolumeMount{{Name: "writable-tmp", MountPath: "/tmp"}, {Name: "writable-home-coder", MountPath: "/home/coder"}}, pod.Containers[0].VolumeMounts)
	}

	own := podOf(t, objects(t, `
coder:
  readOnlyRoot: {enable: true, writablePaths: [/tmp, /home/coder/.cache/]}
  volumes: [{name: mine, emptyDir: {}}]
  volumeMounts: [{name: mine, mountPath: /tmp/}]`)).Spec
	assert.Equal(t, []corev1.VolumeMount{{Name: "writable-home-coder--cache", MountPath: "/home/coder/.cache"}, {Name: "mine", MountPath: "/tmp/"}}, own.Containers[0].VolumeMounts)
	assert.Empty(t, podOf(t, objects(t, `coder: {securityContext: {readOnlyRootFilesystem: true}}`)).Spec.Volumes, "as upstream: the user mounts what is writable")
}
