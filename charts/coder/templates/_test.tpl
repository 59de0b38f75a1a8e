{{/* Labels of the test pod. They must not be the replicas': no Service may send requests to it. */}}
{{- define "coder.testLabels" -}}
app.kubernetes.io/name: {{ include "coder.serviceName" . }}-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/*
What the test asks: the Service, then each replica by name, at the path that
the other replicas ask when the embedded relay is on. The pods of a Deployment
have no names to ask them by. As JSON.
*/}}
{{- define "coder.testURLs" -}}
{{- $urls := list -}}
{{- $suffix := printf "%s.svc.%s" .Release.Namespace (include "coder.clusterDomain" .) -}}
{{- if (.Values.coder.service).enable -}}
{{- $urls = append $urls (printf "http://%s.%s/healthz" (include "coder.serviceName" .) $suffix) -}}
{{- end -}}
{{- if eq (include "coder.workloadKind" .) "StatefulSet" -}}
{{- $path := eq (include "coder.embeddedRelayOff" .) "true" | ternary "/healthz" "/derp/latency-check" -}}
{{- range $ordinal := until (include "coder.replicas" . | int) -}}
{{- $urls = append $urls (printf "http://%s-%d.%s.%s:8080%s" (include "coder.workloadName" $) $ordinal (include "coder.replicasServiceName" $) $suffix $path) -}}
{{- end -}}
{{- end -}}
{{- toJson $urls -}}
{{- end -}}
