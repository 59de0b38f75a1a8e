package chart_test

import (
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
)

func TestAPodMonitorTurnsMetricsOn(t *testing.T) {
	all := objects(t, `
coder:
  podMonitor:
    enable: true
    labels: {release: prometheus}
    annotations: {a: b}
    interval: 30s
    scrapeTimeout: 10s
    relabelings: [{action: labeldrop, regex: pod}]
    metricRelabelings: [{action: drop, sourceLabels: [__name__], regex: go_.*}]`)
	monitor := find[*monitoringv1.PodMonitor](t, all, "coder")
	assert.Equal(t, "prometheus", monitor.Labels["release"])
	assert.Equal(t, upstreamSelector("coder"), monitor.Spec.Selector.MatchLabels)
	endpoint := monitor.Spec.PodMetricsEndpoints[0]
	assert.Equal(t, monitoringv1.Duration("30s"), endpoint.Interval)
	assert.Equal(t, monitoringv1.Duration("10s"), endpoint.ScrapeTimeout)
	assert.Len(t, endpoint.RelabelConfigs, 1)
	assert.Len(t, endpoint.MetricRelabelConfigs, 1)

	coder := coderOf(t, all)
	assert.Contains(t, coder.Env, corev1.EnvVar{Name: "CODER_PROMETHEUS_ENABLE", Value: "true"})
	assert.Contains(t, coder.Ports, tcpPort(*endpoint.Port, 2112))
}

func TestAPodMonitorTrustsAReferenceOfTheUsers(t *testing.T) {
	all := objects(t, `
coder:
  podMonitor: {enable: true}
  env: [{name: CODER_PROMETHEUS_ENABLE, valueFrom: {configMapKeyRef: {name: c, key: k}}}]`)
	assert.Contains(t, coderOf(t, all).Ports, tcpPort("prometheus-http", 2112))
}

func TestAServiceMonitorFindsTheMetricsServiceAlone(t *testing.T) {
	all := objects(t, `
coder:
  metricsService: {labels: {team: a}, annotations: {prometheus.io/scrape: "true"}}
  serviceMonitor:
    enable: true
    labels: {release: prometheus}
    annotations: {a: b}
    interval: 30s
    scrapeTimeout: 10s
    relabelings: [{action: labeldrop, regex: pod}]
    metricRelabelings: [{action: drop, sourceLabels: [__name__], regex: go_.*}]`)
	monitor := find[*monitoringv1.ServiceMonitor](t, all, "coder")
	assert.Equal(t, "prometheus", monitor.Labels["release"])
	endpoint := monitor.Spec.Endpoints[0]
	assert.Equal(t, monitoringv1.Duration("30s"), endpoint.Interval)
	assert.Equal(t, monitoringv1.Duration("10s"), endpoint.ScrapeTimeout)
	assert.Len(t, endpoint.RelabelConfigs, 1)
	assert.Len(t, endpoint.MetricRelabelConfigs, 1)
	for _, object := range all {
		if service, ok := object.(*corev1.Service); ok {
			assert.Equal(t, service.Name == "coder-metrics", selects(t, &monitor.Spec.Selector, service.Labels), service.Name)
		}
	}

	service := find[*corev1.Service](t, all, "coder-metrics")
	assert.Equal(t, corev1.ClusterIPNone, service.Spec.ClusterIP, "an address of its own would ask any replica")
	assert.Equal(t, upstreamSelector("coder"), service.Spec.Selector)
	assert.Equal(t, endpoint.Port, service.Spec.Ports[0].Name)
	assert.Equal(t, "a", service.Labels["team"])
	assert.Equal(t, map[string]string{"prometheus.io/scrape": "true"}, service.Annotations)
	coder := coderOf(t, all)
	assert.Contains(t, coder.Env, corev1.EnvVar{Name: "CODER_PROMETHEUS_ENABLE", Value: "true"})
	assert.Contains(t, coder.Ports, tcpPort(service.Spec.Ports[0].TargetPort.String(), 2112))
}

func TestAMetricsServiceNeedsNoOperator(t *testing.T) {
	all := objects(t, `coder: {metricsService: {enable: true}}`)
	find[*corev1.Service](t, all, "coder-metrics")
	_, found := lookup[*monitoringv1.ServiceMonitor](t, all, "coder")
	assert.False(t, found)
	assert.Contains(t, coderOf(t, all).Env, corev1.EnvVar{Name: "CODER_PROMETHEUS_ENABLE", Value: "true"})
}

func TestMetricsThatWouldNotBeRightAreRefused(t *testing.T) {
	assert.Contains(t, refusal(t, `coder: {podMonitor: {enable: true}, serviceMonitor: {enable: true}}`), "Prometheus would scrape each replica twice: set one of the two to false.")
	for _, key := range []string{"podMonitor", "serviceMonitor", "metricsService"} {
		assert.Contains(t, refusal(t, `coder: {`+key+`: {enable: true}, env: [{name: CODER_PROMETHEUS_ENABLE, value: "false"}]}`), "coder."+key+".enable is true, but CODER_PROMETHEUS_ENABLE")
	}
}

func TestNoMonitorUnlessAskedFor(t *testing.T) {
	all := objects(t, `{}`)
	_, found := lookup[*monitoringv1.PodMonitor](t, all, "coder")
	assert.False(t, found)
	_, found = lookup[*monitoringv1.ServiceMonitor](t, all, "coder")
	assert.False(t, found)
	_, found = lookup[*corev1.Service](t, all, "coder-metrics")
	assert.False(t, found)
}
