package checks

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// world is a deployment that is right; a test changes one thing in it.
type world struct {
	workload appsv1.StatefulSet
	service  corev1.Service
	// extra are more documents of the input.
	extra []string
	opts  kube.Options
	now   time.Time
}

var podLabels = map[string]string{"app.kubernetes.io/name": "coder", "app.kubernetes.io/instance": "coder"}

func newWorld() *world {
	replicas := int32(3)
	env := []corev1.EnvVar{
		{Name: "CODER_HTTP_ADDRESS", Value: "0.0.0.0:8080"},
		{Name: "CODER_ACCESS_URL", Value: "https://coder.example.com"},
		{Name: "CODER_PG_CONNECTION_URL", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "coder-db-url"}, Key: "url",
		}}},
		field("KUBE_POD_IP", "status.podIP"),
		{Name: "CODER_DERP_SERVER_RELAY_URL", Value: "http://$(KUBE_POD_IP):8080"},
		field("CODER_CLUSTER_HOST", "status.podIP"),
	}
	return &world{
		workload: appsv1.StatefulSet{
			TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
			ObjectMeta: metav1.ObjectMeta{Name: "coder", Namespace: "coder"},
			Spec: appsv1.StatefulSetSpec{
				Replicas: &replicas, ServiceName: "coder-replicas",
				Selector: &metav1.LabelSelector{MatchLabels: podLabels},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: podLabels},
					Spec: corev1.PodSpec{Containers: []corev1.Container{{
						Name: "coder", Image: "ghcr.io/coder/coder:v2.38.0", Env: env,
						Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
					}}},
				},
			},
		},
		service: corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Name: "coder", Namespace: "coder"},
			Spec: corev1.ServiceSpec{
				Type: corev1.ServiceTypeLoadBalancer, Selector: podLabels,
				IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol},
				Ports:      []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}},
			},
		},
		opts: kube.Options{Namespace: "coder"},
		now:  time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}
}

func field(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

func (w *world) pod() *corev1.PodSpec { return &w.workload.Spec.Template.Spec }

func (w *world) container() *corev1.Container { return &w.pod().Containers[0] }

func (w *world) replicas(n int32) { w.workload.Spec.Replicas = &n }

func (w *world) version(tag string) { w.container().Image = "ghcr.io/coder/coder:" + tag }

// set gives a variable a value, in its place if it is there.
func (w *world) set(name, value string) { w.put(corev1.EnvVar{Name: name, Value: value}) }

func (w *world) put(entry corev1.EnvVar) {
	env := &w.container().Env
	for i := range *env {
		if (*env)[i].Name == entry.Name {
			(*env)[i] = entry
			return
		}
	}
	*env = append(*env, entry)
}

// unset removes a variable.
func (w *world) unset(name string) {
	var kept []corev1.EnvVar
	for _, e := range w.container().Env {
		if e.Name != name {
			kept = append(kept, e)
		}
	}
	w.container().Env = kept
}

// envFromSecret adds a Secret that is not in the input.
func (w *world) envFromSecret(name string) {
	w.container().EnvFrom = append(w.container().EnvFrom, corev1.EnvFromSource{
		SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}},
	})
}

// facts reads the world as the command does: from text.
func (w *world) facts(t *testing.T) *check.Case {
	t.Helper()
	var text strings.Builder
	for _, object := range []any{w.workload, w.service} {
		doc, err := yaml.Marshal(object)
		require.NoError(t, err)
		text.WriteString("---\n" + string(doc))
	}
	for _, doc := range w.extra {
		text.WriteString("---\n" + doc + "\n")
	}
	objects, err := manifest.Decode(strings.NewReader(text.String()), "world.yaml")
	require.NoError(t, err)
	d, err := kube.Build(objects, w.opts)
	require.NoError(t, err)
	return &check.Case{Facts: &facts.Facts{Now: w.now, Deployment: d}, Settings: check.DefaultSettings()}
}

// run judges the world with all checks, by id.
func (w *world) run(t *testing.T) map[string]check.Outcome {
	t.Helper()
	out := map[string]check.Outcome{}
	for _, o := range check.Judge(All(), w.facts(t), nil) {
		out[o.ID] = o
	}
	return out
}

// expectation is what a check should say of a changed world.
type expectation struct {
	name   string
	change func(*world)
	// want is the status, and for a failure the severity and a part of the
	// message.
	want     check.Status
	severity check.Severity
	says     string
}

func passes(name string, change func(*world)) expectation {
	return expectation{name: name, change: change, want: check.Passed}
}

func skips(name, reason string, change func(*world)) expectation {
	return expectation{name: name, change: change, want: check.Skipped, says: reason}
}

func fires(name, message string, change func(*world)) expectation {
	return expectation{name: name, change: change, want: check.Failed, severity: check.Error, says: message}
}

func warns(name, message string, change func(*world)) expectation {
	return expectation{name: name, change: change, want: check.Failed, severity: check.Warning, says: message}
}

func advises(name, message string, change func(*world)) expectation {
	return expectation{name: name, change: change, want: check.Failed, severity: check.Info, says: message}
}

// judge tries one check on changed worlds.
func judge(t *testing.T, id string, cases ...expectation) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				w := newWorld()
				if c.change != nil {
					c.change(w)
				}
				got, declared := w.run(t)[id]
				require.True(t, declared, "no check has this id")
				require.Equal(t, c.want, got.Status, "%+v", got)
				switch c.want {
				case check.Failed:
					worst, _ := got.Worst()
					assert.Equal(t, c.severity, worst)
					assert.Contains(t, got.Findings[0].Message, c.says)
					assert.NotEmpty(t, got.Findings[0].Observed)
					assert.NotEmpty(t, got.Findings[0].Remedy)
					assert.NotEmpty(t, got.Findings[0].Subject.Kind)
				case check.Skipped:
					assert.Contains(t, got.Skip.Reason, c.says)
				}
			})
		}
	})
}

func TestTheWorldItselfIsRight(t *testing.T) {
	for _, kind := range []string{"StatefulSet", "Deployment"} {
		w := newWorld()
		w.workload.Kind = kind
		for id, o := range w.run(t) {
			assert.NotEqual(t, check.Failed, o.Status, "%s of a %s: %+v", id, kind, o.Findings)
		}
	}
}
