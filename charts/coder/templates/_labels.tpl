{{- define "coder-ha.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
Labels that select the replicas. A workload's selector is immutable, so this
set is fixed: an added or changed label would break every upgrade.
*/}}
{{- define "coder-ha.selectorLabels" -}}
app.kubernetes.io/name: {{ include "coder-ha.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* Labels that describe this release; on every object but Role and RoleBinding. */}}
{{- define "coder-ha.labels" -}}
helm.sh/chart: {{ include "coder-ha.chart" . }}
{{ include "coder-ha.selectorLabels" . }}
app.kubernetes.io/part-of: {{ include "coder-ha.name" . | quote }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/*
The release's labels with a user's labels over them, as one map.
Takes a list: the root context, the user's labels or null.
*/}}
{{- define "coder-ha.labelsWith" -}}
{{- $labels := include "coder-ha.labels" (index . 0) | fromYaml -}}
{{- toYaml (mergeOverwrite $labels (index . 1 | default dict)) -}}
{{- end -}}

{{/* What the pods are: said as an annotation, as selectors must not use it. */}}
{{- define "coder-ha.podAnnotations" -}}
{{- $component := ternary "wsproxy" "coderd" (not (empty .Values.coder.workspaceProxy)) -}}
{{- $annotations := dict "app.kubernetes.io/component" $component -}}
{{- toYaml (mergeOverwrite $annotations (.Values.coder.podAnnotations | default dict)) -}}
{{- end -}}
