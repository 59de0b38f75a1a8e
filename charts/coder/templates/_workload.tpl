{{/* Name, namespace, labels and annotations of the workload. */}}
{{- define "coder-ha.workloadMetadata" -}}
name: {{ include "coder-ha.workloadName" . | quote }}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "coder-ha.labelsWith" (list . .Values.coder.labels) | nindent 2 }}
annotations:
  {{- toYaml (.Values.coder.annotations | default dict) | nindent 2 }}
{{- end -}}

{{/* The part of the specification that both kinds share. */}}
{{- define "coder-ha.workloadSpec" -}}
replicas: {{ .Values.coder.replicaCount }}
{{- with .Values.coder.minReadySeconds }}
minReadySeconds: {{ . | int64 }}
{{- end }}
selector:
  matchLabels:
    {{- include "coder-ha.selectorLabels" . | nindent 4 }}
template:
  {{- include "coder-ha.podTemplate" . | nindent 2 }}
{{- end -}}
