package chart_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestUpstreamPodValuesHaveTheUpstreamEffect(t *testing.T) {
	checkCompat(t, []compatCase{
		{name: "no values at all", values: `{}`},
		{
			name: "an image of one's own",
			values: `
coder:
  image: {repo: registry.example.com/coder, tag: v2.30.1, pullPolicy: Always, pullSecrets: [{name: pull}]}`,
			upstream: func(w *world) {
				w.coder().Image = "registry.example.com/coder:v2.30.1"
				w.coder().ImagePullPolicy = corev1.PullAlways
				w.pod().ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}}
			},
		},
		{
			name:   "a command and arguments",
			values: `coder: {command: [/usr/local/bin/coder], commandArgs: [server, --verbose]}`,
			upstream: func(w *world) {
				w.coder().Command = []string{"/usr/local/bin/coder"}
				w.coder().Args = []string{"server", "--verbose"}
			},
		},
		{
			name:   "a workspace proxy of several replicas needs no database",
			values: `coder: {workspaceProxy: true, replicaCount: 2}`,
			upstream: func(w *world) {
				w.coder().Args = []string{"wsproxy", "server"}
				w.workload.Spec.Template.Annotations["app.kubernetes.io/component"] = "wsproxy"
				w.workload.Spec.Replicas = new(int32(2))
			},
		},
		{
			name: "annotations and labels, each in its place",
			values: `
coder:
  annotations: {a: deployment}
  labels: {l: deployment, app.kubernetes.io/part-of: platform}
  podAnnotations: {a: pod, app.kubernetes.io/component: mine}
  podLabels: {l: pod}
  priorityClassName: high`,
			upstream: func(w *world) {
				w.workload.Annotations = map[string]string{"a": "deployment"}
				w.workload.Labels["l"], w.workload.Labels["app.kubernetes.io/part-of"] = "deployment", "platform"
				template := &w.workload.Spec.Template
				template.Annotations = map[string]string{"a": "pod", "app.kubernetes.io/component": "mine"}
				template.Labels["l"] = "pod"
				w.pod().PriorityClassName = "high"
			},
		},
		{
			name: "security contexts are merged over the defaults",
			values: `
coder:
  securityContext: {runAsUser: 1000770000, readOnlyRootFilesystem: true, seccompProfile: {type: Localhost, localhostProfile: p}}
  podSecurityContext: {fsGroup: 1000770000}`,
			upstream: func(w *world) {
				context := w.coder().SecurityContext
				context.RunAsUser, context.ReadOnlyRootFilesystem = new(int64(1000770000)), new(true)
				context.SeccompProfile = &corev1.SeccompProfile{
					Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: new("p"),
				}
				w.pod().SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(1000770000))}
			},
		},
		{
			name:   "some resources replace all of the default",
			values: `coder: {resources: {requests: {cpu: 250m}}}`,
			upstream: func(w *world) {
				w.coder().Resources = corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m")},
				}
			},
		},
		{
			name:     "empty limits and requests remove the default",
			values:   `coder: {resources: {limits: {}, requests: {}}}`,
			upstream: func(w *world) { w.coder().Resources = corev1.ResourceRequirements{} },
		},
		{name: "no resources mean the default", values: `coder: {resources: null}`},
		{
			name: "probe timings are passed on and liveness is off unless asked for",
			values: `
coder:
  readinessProbe: {initialDelaySeconds: 5, periodSeconds: 7, timeoutSeconds: 2, successThreshold: 3, failureThreshold: 9}
  livenessProbe: {enabled: true, periodSeconds: 30}
  startupProbe: {enabled: false}`,
			upstream: func(w *world) {
				ready := w.coder().ReadinessProbe
				ready.InitialDelaySeconds, ready.PeriodSeconds, ready.TimeoutSeconds = 5, 7, 2
				ready.SuccessThreshold, ready.FailureThreshold = 3, 9
				w.coder().LivenessProbe = &corev1.Probe{ProbeHandler: ready.ProbeHandler, PeriodSeconds: 30}
			},
		},
		{
			name:     "no readiness probe",
			values:   `coder: {readinessProbe: {enabled: false}}`,
			upstream: func(w *world) { w.coder().ReadinessProbe = nil },
		},
		{
			name:   "a lifecycle with preStop is the user's alone",
			values: `coder: {lifecycle: {preStop: {exec: {command: [sleep, "3"]}}}}`,
			ours: func(w *world) {
				w.coder().Lifecycle.PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep", "3"}}}
			},
		},
		{
			name:   "a lifecycle without preStop keeps the drain delay",
			values: `coder: {lifecycle: {postStart: {exec: {command: [date]}}}}`,
			ours: func(w *world) {
				w.coder().Lifecycle.PostStart = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"date"}}}
			},
		},
		{
			name: "init containers, host aliases, node selector",
			values: `
coder:
  initContainers: [{name: proxy, image: cloud-sql-proxy:2, restartPolicy: Always}]
  hostAliases: [{ip: 10.0.0.5, hostnames: [db.internal]}]
  nodeSelector: {kubernetes.io/os: linux}`,
			upstream: func(w *world) {
				w.pod().InitContainers = []corev1.Container{{
					Name: "proxy", Image: "cloud-sql-proxy:2", RestartPolicy: new(corev1.ContainerRestartPolicyAlways),
				}}
				w.pod().HostAliases = []corev1.HostAlias{{IP: "10.0.0.5", Hostnames: []string{"db.internal"}}}
				w.pod().NodeSelector = map[string]string{"kubernetes.io/os": "linux"}
			},
		},
		{
			name: "another name in labels and selectors, not in the Service's name",
			values: `
nameOverride: my-coder`,
			upstream: func(w *world) {
				w.workload.Name = "my-coder"
				for _, labels := range []map[string]string{
					w.workload.Labels, w.workload.Spec.Template.Labels, w.account.Labels, w.service.Labels,
				} {
					labels["app.kubernetes.io/name"], labels["app.kubernetes.io/part-of"] = "my-coder", "my-coder"
				}
				w.workload.Spec.Selector.MatchLabels["app.kubernetes.io/name"] = "my-coder"
				w.service.Spec.Selector["app.kubernetes.io/name"] = "my-coder"
			},
		},
		{
			name:     "a number as text is a number",
			values:   `coder: {replicaCount: "0"}`,
			upstream: func(w *world) { w.workload.Spec.Replicas = new(int32(0)) },
		},
		{
			name:     "the older default of empty maps for lists",
			values:   `coder: {tolerations: {}, volumes: {}, initContainers: {}, env: {}, hostAliases: {}}`,
			upstream: nil,
		},
	})
}

func TestTheStrategyIsPassedToADeployment(t *testing.T) {
	all := objects(t, `
coder:
  workloadKind: Deployment
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 50%, maxUnavailable: 0}}`)
	want := upstreamWorld("coder", "coder")
	want.workload.Spec.Strategy = appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge: new(intstr.FromString("50%")), MaxUnavailable: new(intstr.FromInt32(0)),
		},
	}
	want.better(nil)
	equalObjects(t, byKey(t, want.as("Deployment")), byKey(t, all))
}
