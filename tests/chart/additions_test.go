package chart_test

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// better puts on an upstream world what this chart makes otherwise.
func (w *world) better(values map[string]any) {
	for _, d := range differences {
		d.make(w, values)
	}
}

// replicasService is the headless Service through which replicas find each
// other by name. It must not look like one that balances load.
func (w *world) replicasService() *corev1.Service {
	return &corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "coder-replicas", Namespace: w.workload.Namespace,
			Labels: maps.Clone(w.releaseLabels()),
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true,
			Selector: w.workload.Spec.Selector.MatchLabels,
			Ports: []corev1.ServicePort{
				{Name: "tcp-relay", Port: 8080, TargetPort: intstr.FromString("http"), Protocol: corev1.ProtocolTCP},
				{Name: "tcp-cluster", Port: 6222, TargetPort: intstr.FromString("cluster"), Protocol: corev1.ProtocolTCP},
			},
		},
	}
}

// releaseLabels are the labels of the release, without a user's own.
func (w *world) releaseLabels() map[string]string {
	labels := upstreamLabels(w.workload.Spec.Selector.MatchLabels["app.kubernetes.io/instance"])
	labels["app.kubernetes.io/name"] = w.workload.Spec.Selector.MatchLabels["app.kubernetes.io/name"]
	labels["app.kubernetes.io/part-of"] = labels["app.kubernetes.io/name"]
	return labels
}

func (w *world) budget() *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		TypeMeta: metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: metav1.ObjectMeta{
			Name: w.workload.Name, Namespace: w.workload.Namespace, Labels: w.releaseLabels(),
		},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable:             new(intstr.FromInt32(1)),
			UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
			Selector:                   w.workload.Spec.Selector,
		},
	}
}

// statefulSet is the workload as the default kind: same pods, which also leave
// a lost node soon, and fields that never change with ordinary values.
func (w *world) statefulSet() *appsv1.StatefulSet {
	spec := w.workload.Spec
	template := *spec.Template.DeepCopy()
	for _, taint := range []string{"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"} {
		if slices.ContainsFunc(spec.Template.Spec.Tolerations, func(own corev1.Toleration) bool {
			return (own.Key == "" || own.Key == taint) && (own.Effect == "" || own.Effect == corev1.TaintEffectNoExecute)
		}) {
			continue
		}
		template.Spec.Tolerations = append(slices.Clip(template.Spec.Tolerations), corev1.Toleration{
			Key: taint, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute,
			TolerationSeconds: new(int64(30)),
		})
	}
	return &appsv1.StatefulSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
		ObjectMeta: w.workload.ObjectMeta,
		Spec: appsv1.StatefulSetSpec{
			Replicas:            spec.Replicas,
			Selector:            spec.Selector,
			Template:            template,
			ServiceName:         "coder-replicas",
			PodManagementPolicy: appsv1.ParallelPodManagement,
			UpdateStrategy:      appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType},
		},
	}
}

// as gives all objects with the workload of one kind.
func (w *world) as(kind string) []runtime.Object {
	if kind == "Deployment" {
		return append(w.objects(), w.workload)
	}
	return append(w.objects(), w.statefulSet())
}
