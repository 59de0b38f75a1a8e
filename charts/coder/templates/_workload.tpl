{{/* Name, namespace, labels and annotations of the workload. */}}
{{- define "coder.workloadMetadata" -}}
name: {{ include "coder.workloadName" . | quote }}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "coder.labelsWith" (list . .Values.coder.labels) | nindent 2 }}
annotations:
  {{- toYaml (.Values.coder.annotations | default dict) | nindent 2 }}
{{- end -}}

{{/* The part of the specification that both kinds share. */}}
{{- define "coder.workloadSpec" -}}
replicas: {{ .Values.coder.replicaCount }}
selector:
  matchLabels:
    {{- include "coder.selectorLabels" . | nindent 4 }}
template:
  {{- include "coder.podTemplate" . | nindent 2 }}
{{- end -}}
