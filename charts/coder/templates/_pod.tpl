{{/* The pod of either workload kind. */}}
{{- define "coder-ha.podTemplate" -}}
metadata:
  labels:
    {{- include "coder-ha.labelsWith" (list . .Values.coder.podLabels) | nindent 4 }}
  annotations:
    {{- include "coder-ha.podAnnotations" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "coder-ha.serviceAccountName" . | quote }}
  {{- if not (kindIs "invalid" .Values.coder.automountServiceAccountToken) }}
  automountServiceAccountToken: {{ .Values.coder.automountServiceAccountToken }}
  {{- end }}
  {{- with .Values.coder.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with .Values.coder.runtimeClassName }}
  runtimeClassName: {{ . | quote }}
  {{- end }}
  {{- with .Values.coder.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.coder.hostNetwork }}
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  {{- with .Values.coder.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  restartPolicy: Always
  {{- with (.Values.coder.image).pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ include "coder-ha.terminationGracePeriodSeconds" . }}
  {{- with include "coder-ha.affinity" . }}
  affinity:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with include "coder-ha.tolerations" . }}
  tolerations:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.coder.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "coder-ha.topologySpreadConstraints" . }}
  topologySpreadConstraints:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.coder.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.coder.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    -
      {{- include "coder-ha.container" . | nindent 6 }}
    {{- with .Values.coder.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "coder-ha.volumeList" . | nindent 4 }}
{{- end -}}

{{/* Seconds from the stop signal's announcement to the kill, the drain delay included. */}}
{{- define "coder-ha.terminationGracePeriodSeconds" -}}
{{- $seconds := .Values.coder.terminationGracePeriodSeconds -}}
{{- kindIs "invalid" $seconds | ternary 60 $seconds | int64 -}}
{{- end -}}
