package rehearse

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// replicas are three pods with a bit of everything that a run must keep or leave out.
func replicas() Workload {
	secret := corev1.LocalObjectReference{Name: "coder-db-url"}
	return Workload{
		Kind: "StatefulSet", Namespace: "coder", Name: "coder", Replicas: []string{"coder-0", "coder-1", "coder-2"},
		Pod: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "coder"}, Annotations: map[string]string{"linkerd.io/inject": "enabled"}},
			Spec: corev1.PodSpec{
				ServiceAccountName: "coder", PriorityClassName: "high", TerminationGracePeriodSeconds: new(int64(300)),
				NodeSelector:    map[string]string{"pool": "coder"},
				SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(true)},
				InitContainers: []corev1.Container{
					{Name: "migrate"},
					{Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)},
				},
				Containers: []corev1.Container{
					{Name: "sidecar", Image: "sidecar:1", LivenessProbe: &corev1.Probe{}},
					{
						Name: "coder", Image: "coder:1", Command: []string{"/opt/coder"}, Args: []string{"server"},
						LivenessProbe: &corev1.Probe{}, ReadinessProbe: &corev1.Probe{}, StartupProbe: &corev1.Probe{},
						Lifecycle:       &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{}},
						SecurityContext: &corev1.SecurityContext{ReadOnlyRootFilesystem: new(true)},
						Env: []corev1.EnvVar{{Name: "CODER_PG_CONNECTION_URL", ValueFrom: &corev1.EnvVarSource{
							SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: secret, Key: "url"},
						}}},
						EnvFrom:      []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: secret}}},
						VolumeMounts: []corev1.VolumeMount{{Name: "tls", MountPath: "/tls"}, {Name: "home", MountPath: "/home"}, {Name: "claimed", MountPath: "/data"}},
					},
				},
				Volumes: []corev1.Volume{
					{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}},
					{Name: "home", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "home"}}},
				},
			},
		},
		Container: 1,
	}
}

func TestThePodsAreAsTheReplicasWillBe(t *testing.T) {
	t.Parallel()
	w := replicas()
	before, err := json.Marshal(w)
	require.NoError(t, err)
	job := Plan{Run: "abcd", Lifetime: time.Minute}.Job(w, 0)
	after, err := json.Marshal(w)
	require.NoError(t, err)
	assert.JSONEq(t, string(before), string(after), "the template of the replicas is not changed")

	assert.Equal(t, "coder-ha-abcd", job.Name)
	assert.Equal(t, "coder", job.Namespace)
	assert.EqualValues(t, 3, *job.Spec.Parallelism)
	assert.EqualValues(t, 60, *job.Spec.ActiveDeadlineSeconds)
	assert.EqualValues(t, 0, *job.Spec.TTLSecondsAfterFinished)
	pod := job.Spec.Template
	assert.Equal(t, map[string]string{"app": "coder", RunLabel: "abcd"}, pod.Labels)
	assert.Equal(t, w.Pod.Annotations, pod.Annotations)
	assert.Equal(t, "coder", pod.Spec.ServiceAccountName)
	assert.Equal(t, w.Pod.Spec.NodeSelector, pod.Spec.NodeSelector)
	assert.Equal(t, w.Pod.Spec.SecurityContext, pod.Spec.SecurityContext)
	assert.Equal(t, []corev1.PodReadinessGate{{ConditionType: NeverReady}}, pod.Spec.ReadinessGates)
	assert.Empty(t, pod.Spec.PriorityClassName)
	require.Len(t, pod.Spec.InitContainers, 1)
	assert.Equal(t, "proxy", pod.Spec.InitContainers[0].Name)
	assert.NotNil(t, pod.Spec.Containers[0].LivenessProbe, "a sidecar stays as it is")

	c := pod.Spec.Containers[1]
	assert.Equal(t, "coder:1", c.Image)
	assert.Equal(t, []string{"sh", "-c", "exec sleep 60"}, c.Command)
	assert.Empty(t, c.Args)
	assert.Nil(t, c.LivenessProbe)
	assert.Nil(t, c.ReadinessProbe)
	assert.Nil(t, c.StartupProbe)
	assert.Nil(t, c.Lifecycle)
	assert.Equal(t, w.Pod.Spec.Containers[1].SecurityContext, c.SecurityContext)
	assert.True(t, *c.Env[0].ValueFrom.SecretKeyRef.Optional)
	assert.True(t, *c.EnvFrom[0].SecretRef.Optional)
	assert.Equal(t, []corev1.VolumeMount{{Name: "tls", MountPath: "/tls"}, {Name: volume, MountPath: mountPath}}, c.VolumeMounts)
	require.Len(t, pod.Spec.Volumes, 2)
	assert.True(t, *pod.Spec.Volumes[0].Secret.Optional)
	assert.Equal(t, corev1.StorageMediumMemory, pod.Spec.Volumes[1].EmptyDir.Medium)
}

func TestAPodBesideReplicasMayShareTheirNode(t *testing.T) {
	t.Parallel()
	w := replicas()
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "coder"}}
	w.Pod.Spec.Affinity = &corev1.Affinity{
		NodeAffinity:    &corev1.NodeAffinity{},
		PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{LabelSelector: selector}}},
	}
	w.Pod.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, LabelSelector: selector}}
	w.Pod.Spec.Containers[1].Ports = []corev1.ContainerPort{{ContainerPort: 8080, HostPort: 8080}}

	before := Plan{Run: "abcd", Lifetime: time.Minute}.Job(w, 0).Spec.Template.Spec
	assert.NotEmpty(t, before.Affinity.PodAntiAffinity)
	assert.NotEmpty(t, before.TopologySpreadConstraints)
	assert.NotEmpty(t, before.Containers[1].Ports)

	beside := Plan{Run: "abcd", Lifetime: time.Minute, Beside: true}.Job(w, 0).Spec.Template
	assert.Empty(t, beside.Spec.Affinity.PodAntiAffinity)
	assert.NotNil(t, beside.Spec.Affinity.NodeAffinity)
	assert.Empty(t, beside.Spec.TopologySpreadConstraints)
	assert.Empty(t, beside.Spec.Containers[1].Ports)
	assert.Equal(t, "coder", beside.Labels["app"], "policies see it as a replica")
}

func TestAnImageOfAgentsRunsTheAgentAlone(t *testing.T) {
	t.Parallel()
	doors := Doors{First: 20100, token: "the token"}
	job := Plan{Run: "abcd", Lifetime: time.Minute, Image: "agent:1", Doors: doors, DefaultAccount: true}.Job(replicas(), 2)
	assert.Equal(t, "coder-ha-abcd-2", job.Name)
	pod := job.Spec.Template.Spec
	c := pod.Containers[1]
	assert.Equal(t, "agent:1", c.Image)
	assert.Equal(t, []string{InImage, "listen", "20200", agent.TokenDigest("the token"), "60"}, c.Command)
	assert.Equal(t, []corev1.VolumeMount{{Name: "tls", MountPath: "/tls"}}, c.VolumeMounts, "nothing is brought")
	assert.Len(t, pod.Volumes, 1)
	assert.Empty(t, pod.ServiceAccountName)
	text, err := json.Marshal(job)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "the token")
}

func TestDoorsAreWhereNothingListens(t *testing.T) {
	t.Parallel()
	w := replicas()
	w.Pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 25000, HostPort: 21000}}
	coderd := []deployment.Replica{{Variables: map[string]deployment.Value{
		coder.HTTPAddress: {State: deployment.Known, Text: "0.0.0.0:28000"},
	}}}
	tokens := map[string]bool{}
	for range 1000 {
		d := newDoors([]Workload{w, w}, coderd)
		tokens[d.token] = true
		last := d.of(1) + Most - 1
		assert.GreaterOrEqual(t, d.First, lowestDoor)
		assert.LessOrEqual(t, last, highestDoor)
		for _, taken := range []int{21000, 25000, 28000} {
			assert.False(t, d.First <= taken && taken <= last, "%d to %d", d.First, last)
		}
	}
	assert.Len(t, tokens, 1000)
}

// TestNoPodIsStartedWhereNoReplicaWillRun: a release may be scaled down for a while. The
// API server is not asked for anything.
func TestNoPodIsStartedWhereNoReplicaWillRun(t *testing.T) {
	t.Parallel()
	w := replicas()
	w.Replicas = nil
	_, err := Run(t.Context(), Options{Config: &rest.Config{Host: "http://127.0.0.1:1"}, Image: "agent:1", Workloads: []Workload{w}})
	require.ErrorIs(t, err, errNoReplica)
}
