package chart_test

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// world is everything that a release makes. The tests build the one that the
// upstream chart would make, from its documented effect and not from any
// template, change it as the values of a case say, and put this chart's own
// additions on it last.
type world struct {
	account  *corev1.ServiceAccount
	roles    []*rbacv1.Role
	bindings []*rbacv1.RoleBinding
	service  *corev1.Service
	workload *appsv1.Deployment
	others   []runtime.Object
}

// coder is the Coder container.
func (w *world) coder() *corev1.Container { return &w.workload.Spec.Template.Spec.Containers[0] }

// pod is the specification of the pods.
func (w *world) pod() *corev1.PodSpec { return &w.workload.Spec.Template.Spec }

// objects are all of them, the workload aside.
func (w *world) objects() []runtime.Object {
	all := append([]runtime.Object{}, w.others...)
	if w.account != nil {
		all = append(all, w.account)
	}
	if w.service != nil {
		all = append(all, w.service)
	}
	for i := range w.roles {
		all = append(all, w.roles[i], w.bindings[i])
	}
	return all
}

// upstreamLabels are the labels on every object but Role and RoleBinding. The
// version labels are this chart's: they say which chart it is.
func upstreamLabels(release string) map[string]string {
	return map[string]string{
		"helm.sh/chart":                "coder-" + chartVersion,
		"app.kubernetes.io/name":       "coder",
		"app.kubernetes.io/instance":   release,
		"app.kubernetes.io/part-of":    "coder",
		"app.kubernetes.io/version":    appVersion,
		"app.kubernetes.io/managed-by": "Helm",
	}
}

// upstreamSelector must never change: it is immutable in a workload.
func upstreamSelector(release string) map[string]string {
	return map[string]string{"app.kubernetes.io/name": "coder", "app.kubernetes.io/instance": release}
}

// upstreamWorld is what the upstream chart makes of no values.
func upstreamWorld(release, namespace string) *world {
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: upstreamLabels(release)}
	}
	w := &world{
		account: &corev1.ServiceAccount{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
			ObjectMeta: meta("coder"),
		},
		service: &corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: meta("coder"),
			Spec: corev1.ServiceSpec{
				Type:                  corev1.ServiceTypeLoadBalancer,
				SessionAffinity:       corev1.ServiceAffinityNone,
				ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyCluster,
				Selector:              upstreamSelector(release),
				Ports: []corev1.ServicePort{
					{Name: "http", Port: 80, TargetPort: intstr.FromString("http"), Protocol: corev1.ProtocolTCP},
				},
			},
		},
		workload: &appsv1.Deployment{
			TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
			ObjectMeta: meta("coder"),
			Spec: appsv1.DeploymentSpec{
				Replicas: new(int32(1)),
				Selector: &metav1.LabelSelector{MatchLabels: upstreamSelector(release)},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{
						Labels:      upstreamLabels(release),
						Annotations: map[string]string{"app.kubernetes.io/component": "coderd"},
					},
					Spec: upstreamPod(namespace),
				},
			},
		},
	}
	w.addRBAC("coder", namespace, namespace, upstreamRules()...)
	return w
}

func upstreamPod(namespace string) corev1.PodSpec {
	quantities := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("2000m"),
		corev1.ResourceMemory: resource.MustParse("4096Mi"),
	}
	return corev1.PodSpec{
		ServiceAccountName:            "coder",
		RestartPolicy:                 corev1.RestartPolicyAlways,
		TerminationGracePeriodSeconds: new(int64(60)),
		Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
				Weight: 1,
				PodAffinityTerm: corev1.PodAffinityTerm{
					TopologyKey: "kubernetes.io/hostname",
					LabelSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
						{Key: "app.kubernetes.io/instance", Operator: "In", Values: []string{"coder"}},
					}},
				},
			}},
		}},
		Containers: []corev1.Container{{
			Name:            "coder",
			Image:           "ghcr.io/coder/coder:v" + appVersion,
			ImagePullPolicy: corev1.PullIfNotPresent,
			Command:         []string{"/opt/coder"},
			Args:            []string{"server"},
			Env: []corev1.EnvVar{
				{Name: "CODER_HTTP_ADDRESS", Value: "0.0.0.0:8080"},
				{Name: "CODER_PROMETHEUS_ADDRESS", Value: "0.0.0.0:2112"},
				{Name: "CODER_PPROF_ADDRESS", Value: "0.0.0.0:6060"},
				{Name: "CODER_ACCESS_URL", Value: "http://coder." + namespace + ".svc.cluster.local"},
				fieldEnv("KUBE_POD_IP", "status.podIP"),
				{Name: "CODER_DERP_SERVER_RELAY_URL", Value: "http://$(KUBE_POD_IP):8080"},
				fieldEnv("CODER_CLUSTER_HOST", "status.podIP"),
			},
			Ports: []corev1.ContainerPort{tcpPort("http", 8080)},
			ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
				Path: "/healthz", Port: intstr.FromString("http"), Scheme: corev1.URISchemeHTTP,
			}}},
			Lifecycle: &corev1.Lifecycle{},
			Resources: corev1.ResourceRequirements{Limits: quantities, Requests: quantities},
			SecurityContext: &corev1.SecurityContext{
				RunAsNonRoot:             new(true),
				RunAsUser:                new(int64(1000)),
				RunAsGroup:               new(int64(1000)),
				SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
				AllowPrivilegeEscalation: new(false),
			},
		}},
	}
}

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

func secretEnv(name, secret, key string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key,
	}}}
}

func tcpPort(name string, port int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, ContainerPort: port, Protocol: corev1.ProtocolTCP}
}

// allVerbs are what Coder's provisioner may do with each kind of its own.
var allVerbs = []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}

func rule(group, kind string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{kind}, Verbs: verbs}
}

func upstreamRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		rule("", "pods", allVerbs...),
		rule("", "persistentvolumeclaims", allVerbs...),
		rule("apps", "deployments", allVerbs...),
	}
}

// addRBAC adds the Role and RoleBinding of one namespace.
func (w *world) addRBAC(account, releaseNamespace, namespace string, rules ...rbacv1.PolicyRule) {
	subject := rbacv1.Subject{Kind: "ServiceAccount", Name: account}
	if namespace != releaseNamespace {
		subject.Namespace = releaseNamespace
	}
	w.roles = append(w.roles, &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"},
		ObjectMeta: metav1.ObjectMeta{Name: account + "-workspace-perms", Namespace: namespace},
		Rules:      rules,
	})
	w.bindings = append(w.bindings, &rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: account, Namespace: namespace},
		Subjects:   []rbacv1.Subject{subject},
		RoleRef: rbacv1.RoleRef{
			APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: account + "-workspace-perms",
		},
	})
}
