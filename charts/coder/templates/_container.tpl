{{/* "true" when coderd serves metrics, as far as the manifest shows it. */}}
{{- define "coder.prometheusEnabled" -}}
{{- $enabled := false -}}
{{- range (include "coder.env" . | fromJson).entries -}}
{{- if eq (.name | default "" | toString) "CODER_PROMETHEUS_ENABLE" -}}
{{- $enabled = or (eq (.value | default "" | toString) "true") (and ($.Values.coder.podMonitor).enable (not (empty .valueFrom))) -}}
{{- end -}}
{{- end -}}
{{- $enabled -}}
{{- end -}}

{{- define "coder.containerPorts" -}}
- name: http
  containerPort: 8080
  protocol: TCP
{{- if eq (include "coder.tlsEnabled" .) "true" }}
- name: https
  containerPort: 8443
  protocol: TCP
{{- end }}
{{- if eq (include "coder.prometheusEnabled" .) "true" }}
- name: prometheus-http
  containerPort: 2112
  protocol: TCP
{{- end }}
- name: cluster
  containerPort: 6222
  protocol: TCP
{{- end -}}

{{/* What the program is started with: the user's arguments, or the ones of its kind. */}}
{{- define "coder.args" -}}
{{- if .Values.coder.commandArgs -}}
{{- toYaml .Values.coder.commandArgs -}}
{{- else if .Values.coder.workspaceProxy -}}
{{- toYaml (list "wsproxy" "server") -}}
{{- else -}}
{{- toYaml (list "server") -}}
{{- end -}}
{{- end -}}

{{/* The user's resources whole, or the default whole: they are never mixed. */}}
{{- define "coder.resources" -}}
{{- $default := dict "cpu" "2000m" "memory" "4096Mi" -}}
{{- .Values.coder.resources | default (dict "limits" $default "requests" $default) | toYaml -}}
{{- end -}}

{{- define "coder.container" -}}
name: coder
image: {{ include "coder.image" . | quote }}
imagePullPolicy: {{ (.Values.coder.image).pullPolicy }}
command:
  {{- toYaml .Values.coder.command | nindent 2 }}
args:
  {{- include "coder.args" . | nindent 2 }}
{{- with .Values.coder.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
env:
  {{- (include "coder.env" . | fromJson).entries | toYaml | nindent 2 }}
ports:
  {{- include "coder.containerPorts" . | nindent 2 }}
{{- include "coder.probes" . }}
lifecycle:
  {{- include "coder.lifecycle" . | nindent 2 }}
resources:
  {{- include "coder.resources" . | nindent 2 }}
securityContext:
  {{- toYaml .Values.coder.securityContext | nindent 2 }}
volumeMounts:
  {{- include "coder.volumeMountList" . | nindent 2 }}
{{- end -}}
