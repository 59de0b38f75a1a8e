{{/*
One probe of coderd's /healthz. It answers once migrations are done and the
listeners are up, and does not depend on the database. Timings are written
only when the user gave them. Takes the probe's values.
*/}}
{{- define "coder-ha.probe" -}}
httpGet:
  path: /healthz
  port: http
  scheme: HTTP
initialDelaySeconds: {{ .initialDelaySeconds | default 0 }}
{{- range $key := list "periodSeconds" "timeoutSeconds" "successThreshold" "failureThreshold" }}
{{- if not (kindIs "invalid" (index $ $key)) }}
{{ $key }}: {{ index $ $key }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
Readiness and liveness as the user set them. With liveness on, a startup probe
holds it back while migrations run: they must not be killed half way.
*/}}
{{- define "coder-ha.probes" -}}
{{- if (.Values.coder.readinessProbe).enabled }}
readinessProbe:
  {{- include "coder-ha.probe" .Values.coder.readinessProbe | nindent 2 }}
{{- end }}
{{- if (.Values.coder.livenessProbe).enabled }}
livenessProbe:
  {{- include "coder-ha.probe" .Values.coder.livenessProbe | nindent 2 }}
{{- if (.Values.coder.startupProbe).enabled }}
startupProbe:
  {{- include "coder-ha.probe" .Values.coder.startupProbe | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
