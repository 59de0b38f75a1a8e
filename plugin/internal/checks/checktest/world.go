// Package checktest is the vocabulary in which the tests of checks are written: a
// world that is right, and cases that change one thing of it.
package checktest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// World is a deployment that is right; a test changes one thing in it.
type World struct {
	Workload appsv1.StatefulSet
	Service  corev1.Service
	// Budget is left out of the input if it has no name.
	Budget policyv1.PodDisruptionBudget
	// Extra are more documents of the input.
	Extra   []string
	Options kube.Options
	Now     time.Time
	// Databases are what the probes found out; there is one on which all is
	// right.
	Databases []facts.Postgres
	// Settings are those to judge by.
	Settings check.Settings
	// Hosts run the replicas instead of Kubernetes; nil where they do not.
	Hosts *HostFiles
	// Then are changes of the facts, after the world was read.
	Then []func(*check.Case)
	// rewrites are changes of the objects of the input.
	rewrites []func([]map[string]any) []map[string]any
	// issued are certificates, by serial.
	issued map[int64][]byte
}

// PodLabels are those of the pods, and what the Service selects.
var PodLabels = map[string]string{"app.kubernetes.io/name": "coder", "app.kubernetes.io/instance": "coder"}

// NewWorld is three replicas that are right, and a database that suits.
func NewWorld() *World {
	replicas := int32(3)
	env := []corev1.EnvVar{
		{Name: "CODER_HTTP_ADDRESS", Value: "0.0.0.0:8080"},
		{Name: "CODER_ACCESS_URL", Value: "https://coder.example.com"},
		{Name: "CODER_PG_CONNECTION_URL", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "coder-db-url"}, Key: "url",
		}}},
		Field("KUBE_POD_IP", "status.podIP"),
		{Name: "CODER_DERP_SERVER_RELAY_URL", Value: "http://$(KUBE_POD_IP):8080"},
		Field("CODER_CLUSTER_HOST", "status.podIP"),
	}
	return &World{
		Workload: appsv1.StatefulSet{
			TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
			ObjectMeta: metav1.ObjectMeta{Name: "coder", Namespace: "coder"},
			Spec: appsv1.StatefulSetSpec{
				Replicas: &replicas, ServiceName: "coder-replicas",
				Selector: &metav1.LabelSelector{MatchLabels: PodLabels},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: PodLabels},
					Spec: corev1.PodSpec{
						Containers: []corev1.Container{{
							Name: "coder", Image: "ghcr.io/coder/coder:v2.38.0", Env: env,
							Ports:          []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
							ReadinessProbe: HealthProbe(), Resources: corev1.ResourceRequirements{Limits: Size("2", "8Gi"), Requests: Size("2", "8Gi")},
							Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 10}}},
						}},
						TerminationGracePeriodSeconds: new(int64(1870)),
						TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
							MaxSkew: 1, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: corev1.ScheduleAnyway,
							LabelSelector: &metav1.LabelSelector{MatchLabels: PodLabels},
						}},
					},
				},
			},
		},
		Service: corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Name: "coder", Namespace: "coder"},
			Spec: corev1.ServiceSpec{
				Type: corev1.ServiceTypeLoadBalancer, Selector: PodLabels,
				IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol},
				Ports:      []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}},
			},
		},
		Budget: policyv1.PodDisruptionBudget{
			TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
			ObjectMeta: metav1.ObjectMeta{Name: "coder", Namespace: "coder"},
			Spec: policyv1.PodDisruptionBudgetSpec{
				MaxUnavailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: PodLabels},
			},
		},
		Options:   kube.Options{Namespace: "coder", PodIPFamily: "IPv4"},
		Now:       time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
		Databases: From(GoodDatabase()),
		Settings:  check.DefaultSettings(),
	}
}

// HealthProbe asks coderd for its health.
func HealthProbe() *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")}}}
}

// Size is an amount of CPU and memory.
func Size(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

// Field is a variable from the downward API.
func Field(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

// Pod is the pod of the workload.
func (w *World) Pod() *corev1.PodSpec { return &w.Workload.Spec.Template.Spec }

// Container is coderd's container.
func (w *World) Container() *corev1.Container { return &w.Pod().Containers[0] }

// Replicas sets how many replicas run.
func (w *World) Replicas(n int32) { w.Workload.Spec.Replicas = &n }

// Version sets the tag of the image.
func (w *World) Version(tag string) { w.Container().Image = "ghcr.io/coder/coder:" + tag }

// Set gives a variable a value, in its place if it is there.
func (w *World) Set(name, value string) { w.Put(corev1.EnvVar{Name: name, Value: value}) }

// Put gives a variable an entry, in its place if it is there.
func (w *World) Put(entry corev1.EnvVar) {
	env := &w.Container().Env
	for i := range *env {
		if (*env)[i].Name == entry.Name {
			(*env)[i] = entry
			return
		}
	}
	*env = append(*env, entry)
}

// Unset removes a variable.
func (w *World) Unset(name string) {
	var kept []corev1.EnvVar
	for _, e := range w.Container().Env {
		if e.Name != name {
			kept = append(kept, e)
		}
	}
	w.Container().Env = kept
}

// EnvFromSecret adds a Secret that is not in the input.
func (w *World) EnvFromSecret(name string) {
	w.Container().EnvFrom = append(w.Container().EnvFrom, corev1.EnvFromSource{
		SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}},
	})
}

// Case reads the World as the command does: from text.
func (w *World) Case(t *testing.T) *check.Case {
	t.Helper()
	d := w.read(t)
	d.Seal(digest.NewKey())
	c := &check.Case{Facts: &facts.Facts{Now: w.Now, Deployment: d, Postgres: w.Databases}, Settings: w.Settings}
	for _, change := range w.Then {
		change(c)
	}
	return c
}

// read reads what describes the replicas.
func (w *World) read(t *testing.T) *deployment.Deployment {
	t.Helper()
	if w.Hosts != nil {
		return w.Hosts.read(t)
	}
	objects := []any{w.Workload, w.Service}
	if w.Budget.Name != "" {
		objects = append(objects, w.Budget)
	}
	var trees []map[string]any
	for _, object := range objects {
		doc, err := yaml.Marshal(object)
		require.NoError(t, err)
		trees = append(trees, tree(t, string(doc)))
	}
	for _, rewrite := range w.rewrites {
		trees = rewrite(trees)
	}
	var text strings.Builder
	for _, object := range trees {
		doc, err := yaml.Marshal(object)
		require.NoError(t, err)
		text.WriteString("---\n" + string(doc))
	}
	for _, doc := range w.Extra {
		text.WriteString("---\n" + doc + "\n")
	}
	decoded, err := manifest.Decode(strings.NewReader(text.String()), "world.yaml")
	require.NoError(t, err)
	d, err := kube.Build(decoded, w.Options)
	require.NoError(t, err)
	return d
}

// Database is the answer of the first probe.
func (w *World) Database() *pgfacts.Facts { return w.Databases[0].Facts }

// Undescribed leaves only the database, for a number of replicas of a version
// that the user says.
func (w *World) Undescribed(replicas int, version string) {
	w.Settings.Plan = check.Plan{Replicas: replicas, Version: coder.ParseVersion(version)}
	w.Then = append(w.Then, func(c *check.Case) { c.Deployment = nil })
}
