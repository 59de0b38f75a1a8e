package access

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

// proxyPods is a workspace proxy whose pods have labels of the replicas; ports are
// those of its container.
func proxyPods(labels, ports string) string {
	return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: proxy, namespace: coder}, spec: {template: {metadata: {labels: " + labels + "}, spec: {containers: [{name: proxy, image: ghcr.io/coder/coder, args: [wsproxy, server], ports: " + ports + "}]}}}}"
}

func serviceCases(_ *testing.T, c *checktest.Cases) {
	const same = "{app.kubernetes.io/name: coder, app.kubernetes.io/instance: coder}"
	numbered := func(w *checktest.World) { w.Service.Spec.Ports[0].TargetPort = intstr.FromInt32(8080) }
	c.About("service-selects-others",
		checktest.Passes("the replicas alone", nil),
		checktest.Fires("a workspace proxy with the same labels and port name", "sends users to Deployment coder/proxy too", checktest.With(proxyPods(same, "[{name: http, containerPort: 3001}]"))),
		checktest.Passes("a workspace proxy of another instance", checktest.With(proxyPods("{app.kubernetes.io/name: coder, app.kubernetes.io/instance: proxy}", "[{name: http, containerPort: 3001}]"))),
		checktest.Passes("pods with the same labels that do not declare the port", checktest.With(proxyPods(same, "[{name: metrics, containerPort: 2112}]"))),
		checktest.Fires("pods with the same labels, and a port by its number", "sends users to Deployment coder/proxy too", func(w *checktest.World) {
			numbered(w)
			checktest.With(proxyPods(same, "[]"))(w)
		}),
		checktest.Passes("a port that coderd does not serve users on", func(w *checktest.World) {
			w.Service.Spec.Ports = []corev1.ServicePort{{Name: "metrics", Port: 2112}}
			checktest.With(proxyPods(same, "[]"))(w)
		}),
		checktest.Skips("a headless Service", "headless", func(w *checktest.World) {
			numbered(w)
			w.Service.Spec.Type, w.Service.Spec.ClusterIP = corev1.ServiceTypeClusterIP, corev1.ClusterIPNone
			checktest.With(proxyPods(same, "[]"))(w)
		}),
	)
	aws := func(key, value string) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Service.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
			w.Service.Annotations = map[string]string{"service.beta.kubernetes.io/aws-load-balancer-" + key: value}
		}
	}
	c.About("service-affinity-aws",
		checktest.Skips("no cloud is named", "own provider for AWS", func(w *checktest.World) { w.Service.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }),
		checktest.Fires("affinity on AWS", "AWS makes no load balancer", aws("backend-protocol", "tcp")),
		checktest.Fires("affinity with an NLB", "AWS makes no load balancer", aws("type", "nlb")),
		checktest.Passes("no affinity on AWS", func(w *checktest.World) {
			aws("type", "nlb")(w)
			w.Service.Spec.SessionAffinity = corev1.ServiceAffinityNone
		}),
		checktest.Skips("the AWS Load Balancer Controller", "own provider for AWS", aws("type", "external")),
		checktest.Skips("a class of load balancers", "own provider for AWS", func(w *checktest.World) {
			aws("scheme", "internal")(w)
			w.Service.Spec.LoadBalancerClass = new("service.k8s.aws/nlb")
		}),
	)
}
