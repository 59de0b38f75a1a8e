{{/*
Name of the workload, and of the app.kubernetes.io/name label that all
selectors use.
*/}}
{{- define "coder.name" -}}
{{- default .Chart.Name .Values.nameOverride | toString | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
Name of the Service and of the objects that lead to it. It does not follow
nameOverride: clients inside the cluster know the Service as "coder".
*/}}
{{- define "coder.serviceName" -}}
{{- default "coder" .Values.fullnameOverride | toString | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of the StatefulSet or Deployment. */}}
{{- define "coder.workloadName" -}}
{{- if .Values.fullnameOverride -}}
{{- include "coder.serviceName" . -}}
{{- else -}}
{{- include "coder.name" . -}}
{{- end -}}
{{- end -}}

{{/* Name of the headless Service that gives each replica a DNS name. */}}
{{- define "coder.replicasServiceName" -}}
{{- include "coder.serviceName" . -}}-replicas
{{- end -}}

{{- define "coder.workloadKind" -}}
{{- .Values.coder.workloadKind | default "StatefulSet" -}}
{{- end -}}

{{/* Name of the ServiceAccount, which Role and RoleBinding are named after. */}}
{{- define "coder.serviceAccountName" -}}
{{- (.Values.coder.serviceAccount).name | default "coder" -}}
{{- end -}}
