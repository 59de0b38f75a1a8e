// Package rehearse puts short-lived pods in the place of the replicas, lets an agent
// in each ask what a replica will ask, and takes the pods away again. It is the only
// package of the plugin that writes to a cluster, and a Job is all that it writes.
package rehearse

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RunLabel is on everything that a run makes, and holds the name of the run.
const RunLabel = "coder-ha.io/run"

// NeverReady is the readiness gate of the pods. Nothing sets the condition, so no
// Service sends them traffic.
const NeverReady = "coder-ha.io/never-ready"

// Most is how many pods a workload gets at most.
const Most = 50

// Where the agent is, in a volume of its own or in an image of its own.
const (
	volume    = "coder-ha-agent"
	mountPath = "/coder-ha-agent"
	// InVolume is put there by the plugin, InImage stands in the image of agents.
	InVolume = mountPath + "/agent"
	InImage  = "/coder-ha-agent"
)

// Workload is what runs replicas.
type Workload struct {
	Kind, Namespace, Name string
	// Replicas are their names, in order.
	Replicas []string
	// Pod is the template of the pods, Container the index of coderd's in it.
	Pod       corev1.PodTemplateSpec
	Container int
	// Selector is what the workload knows its pods by; nil where it does not say.
	Selector *metav1.LabelSelector
}

// Plan says how pods are made.
type Plan struct {
	// Run is the name of the run.
	Run string
	// Image is that of agents, which listen at their Doors; empty to use coderd's own,
	// into which the agent is brought.
	Image string
	Doors Doors
	// Lifetime is after what time the cluster ends and removes the pods by itself.
	Lifetime time.Duration
	// Keep leaves them where they are until then.
	Keep bool
	// DefaultAccount says that the service account is not there yet.
	DefaultAccount bool
	// Beside says that the pods stand beside replicas that run, and only ask: they may
	// share nodes with them, and listen on nothing.
	Beside bool
}

// Job is the Job that makes a pod for each replica of a workload, as the workload
// would.
func (p Plan) Job(w Workload, index int) *batchv1.Job {
	name := "coder-ha-" + p.Run
	if index > 0 {
		name += "-" + strconv.Itoa(index)
	}
	labels := map[string]string{RunLabel: p.Run, "app.kubernetes.io/managed-by": "coder-ha"}
	count := int32(min(len(w.Replicas), Most))
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: w.Namespace, Labels: labels,
			Annotations: map[string]string{"coder-ha.io/purpose": fmt.Sprintf("helm coder-ha --in-cluster: pods in the place of the replicas of %s %s", w.Kind, w.Name)},
		},
		Spec: batchv1.JobSpec{
			Parallelism: &count, Completions: &count, CompletionMode: new(batchv1.IndexedCompletion),
			// A container that ends starts again in its pod: one that fails does not
			// take the others along.
			BackoffLimit: new(int32(1000)), ActiveDeadlineSeconds: new(int64(p.Lifetime.Seconds())),
			TTLSecondsAfterFinished: new(int32(0)),
			Template:                p.pod(w, index),
		},
	}
	return job
}

// pod is the pod of a replica, with an agent in the place of coderd.
func (p Plan) pod(w Workload, index int) corev1.PodTemplateSpec {
	template := *w.Pod.DeepCopy()
	template.ObjectMeta = metav1.ObjectMeta{Labels: maps.Clone(template.Labels), Annotations: template.Annotations}
	if template.Labels == nil {
		template.Labels = map[string]string{}
	}
	template.Labels[RunLabel] = p.Run
	s := &template.Spec
	s.RestartPolicy = corev1.RestartPolicyOnFailure
	s.TerminationGracePeriodSeconds = new(int64(1))
	s.ActiveDeadlineSeconds = nil
	s.ReadinessGates = append(s.ReadinessGates, corev1.PodReadinessGate{ConditionType: NeverReady})
	// A pod of a high priority would push others away.
	s.PriorityClassName, s.Priority, s.PreemptionPolicy = "", nil, nil
	s.Hostname, s.Subdomain, s.SetHostnameAsFQDN = "", "", nil
	if p.DefaultAccount {
		s.ServiceAccountName, s.DeprecatedServiceAccount = "", ""
		s.AutomountServiceAccountToken = new(false)
	}
	// What runs before coderd does work of its own, such as migrations; sidecars that
	// begin there stay.
	s.InitContainers = slices.DeleteFunc(s.InitContainers, func(c corev1.Container) bool {
		return c.RestartPolicy == nil || *c.RestartPolicy != corev1.ContainerRestartPolicyAlways
	})
	s.Volumes = slices.DeleteFunc(s.Volumes, holdsData)
	for i := range s.Volumes {
		optionalVolume(&s.Volumes[i])
	}
	if p.Beside {
		beside(s)
	}
	p.agent(&s.Containers[w.Container], index)
	if p.Image == "" {
		s.Volumes = append(s.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: quantity("64Mi")},
		}})
	}
	has := func(m corev1.VolumeMount) bool {
		return !slices.ContainsFunc(s.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
	}
	for _, all := range [][]corev1.Container{s.Containers, s.InitContainers} {
		for i := range all {
			all[i].VolumeMounts = slices.DeleteFunc(all[i].VolumeMounts, has)
			all[i].VolumeDevices = nil
		}
	}
	return template
}

// beside lets a pod share a node with the replicas.
func beside(s *corev1.PodSpec) {
	s.TopologySpreadConstraints = nil
	if s.Affinity != nil {
		s.Affinity.PodAntiAffinity = nil
	}
	for i := range s.Containers {
		// With the network of the node, each would be a port of the node.
		s.Containers[i].Ports = nil
	}
}

// agent puts the agent in the place of coderd.
func (p Plan) agent(c *corev1.Container, index int) {
	c.Command, c.Args = []string{"sh", "-c", "exec sleep " + strconv.Itoa(int(p.Lifetime.Seconds()))}, nil
	if p.Image != "" {
		c.Image, c.ImagePullPolicy = p.Image, corev1.PullIfNotPresent
		c.Command = p.Doors.command(index, p.Lifetime)
		// What it says before it ends is in the state of the container.
		c.TerminationMessagePolicy = corev1.TerminationMessageFallbackToLogsOnError
	} else {
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: mountPath})
	}
	c.WorkingDir = ""
	c.LivenessProbe, c.ReadinessProbe, c.StartupProbe, c.Lifecycle = nil, nil, nil, nil
	c.TTY, c.Stdin, c.StdinOnce = false, false, false
	// The pods take no room from what runs already.
	c.Resources = corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: *quantity("10m"), corev1.ResourceMemory: *quantity("64Mi")},
		Limits:   corev1.ResourceList{corev1.ResourceCPU: *quantity("1"), corev1.ResourceMemory: *quantity("256Mi")},
	}
	// What is not there yet does not keep the rest from being verified.
	for i := range c.Env {
		if from := c.Env[i].ValueFrom; from != nil {
			if from.SecretKeyRef != nil {
				from.SecretKeyRef.Optional = new(true)
			}
			if from.ConfigMapKeyRef != nil {
				from.ConfigMapKeyRef.Optional = new(true)
			}
		}
	}
	for i := range c.EnvFrom {
		if ref := c.EnvFrom[i].SecretRef; ref != nil {
			ref.Optional = new(true)
		}
		if ref := c.EnvFrom[i].ConfigMapRef; ref != nil {
			ref.Optional = new(true)
		}
	}
}

// holdsData says whether a volume is one of data, which only replicas may have.
func holdsData(v corev1.Volume) bool {
	return v.Secret == nil && v.ConfigMap == nil && v.Projected == nil && v.EmptyDir == nil && v.DownwardAPI == nil &&
		(v.CSI == nil || v.CSI.ReadOnly == nil || !*v.CSI.ReadOnly)
}

// optionalVolume lets a pod start without what is not there yet.
func optionalVolume(v *corev1.Volume) {
	if v.Secret != nil {
		v.Secret.Optional = new(true)
	}
	if v.ConfigMap != nil {
		v.ConfigMap.Optional = new(true)
	}
	if v.Projected == nil {
		return
	}
	for i := range v.Projected.Sources {
		if secret := v.Projected.Sources[i].Secret; secret != nil {
			secret.Optional = new(true)
		}
		if config := v.Projected.Sources[i].ConfigMap; config != nil {
			config.Optional = new(true)
		}
	}
}

func quantity(text string) *resource.Quantity { return new(resource.MustParse(text)) }
