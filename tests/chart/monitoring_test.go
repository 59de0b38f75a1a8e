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

func TestNoPodMonitorUnlessAskedFor(t *testing.T) {
	_, found := lookup[*monitoringv1.PodMonitor](t, objects(t, `{}`), "coder")
	assert.False(t, found)
}
