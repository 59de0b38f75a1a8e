{{/* "true" when a monitor or a Service of the chart's needs coderd to serve metrics. */}}
{{- define "coder-ha.metricsWanted" -}}
{{- or (eq (include "coder-ha.metricsServiceWanted" .) "true") (not (empty (.Values.coder.podMonitor).enable)) -}}
{{- end -}}

{{- define "coder-ha.metricsServiceWanted" -}}
{{- not (and (empty (.Values.coder.metricsService).enable) (empty (.Values.coder.serviceMonitor).enable)) -}}
{{- end -}}

{{/* "true" when coderd serves metrics, as far as the manifest shows it. */}}
{{- define "coder-ha.prometheusEnabled" -}}
{{- $enabled := false -}}
{{- range (include "coder-ha.env" . | fromJson).entries -}}
{{- if eq (.name | default "" | toString) "CODER_PROMETHEUS_ENABLE" -}}
{{- $enabled = or (eq (.value | default "" | toString) "true") (and (eq (include "coder-ha.metricsWanted" $) "true") (not (empty .valueFrom))) -}}
{{- end -}}
{{- end -}}
{{- $enabled -}}
{{- end -}}

{{- define "coder-ha.metricsServiceName" -}}
{{- include "coder-ha.suffixedName" (list . "-metrics") -}}
{{- end -}}

{{/* What tells the metrics Service from the others of the release, which have the same labels. */}}
{{- define "coder-ha.metricsLabel" -}}
app.kubernetes.io/component: metrics
{{- end -}}

{{/* How a monitor scrapes, which both kinds say alike. Takes the monitor's values. */}}
{{- define "coder-ha.scrape" -}}
{{- $fields := dict -}}
{{- range $key := list "interval" "scrapeTimeout" "relabelings" "metricRelabelings" -}}
{{- with get $ $key -}}
{{- $_ := set $fields $key . -}}
{{- end -}}
{{- end -}}
{{- with $fields -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.refuseMetrics" -}}
{{- if and (.Values.coder.podMonitor).enable (.Values.coder.serviceMonitor).enable -}}
{{- fail "coder.podMonitor.enable and coder.serviceMonitor.enable are both true, and Prometheus would scrape each replica twice: set one of the two to false." -}}
{{- end -}}
{{- range $key := list "podMonitor" "serviceMonitor" "metricsService" -}}
{{- if and (get $.Values.coder $key | default dict).enable (ne (include "coder-ha.prometheusEnabled" $) "true") -}}
{{- fail (printf "coder.%s.enable is true, but CODER_PROMETHEUS_ENABLE in coder.env is not \"true\" and coderd would serve no metrics: remove CODER_PROMETHEUS_ENABLE from coder.env, and the chart sets it." $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
