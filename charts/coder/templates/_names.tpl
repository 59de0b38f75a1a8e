{{/*
Name of the workload, and of the app.kubernetes.io/name label that all
selectors use.
*/}}
{{- define "coder-ha.name" -}}
{{- default .Chart.Name .Values.nameOverride | toString | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
Name of the Service and of the objects that lead to it. It does not follow
nameOverride: clients inside the cluster know the Service as "coder".
*/}}
{{- define "coder-ha.serviceName" -}}
{{- default "coder" .Values.fullnameOverride | toString | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of the StatefulSet or Deployment. */}}
{{- define "coder-ha.workloadName" -}}
{{- if .Values.fullnameOverride -}}
{{- include "coder-ha.serviceName" . -}}
{{- else -}}
{{- include "coder-ha.name" . -}}
{{- end -}}
{{- end -}}

{{/* The Service's name with a suffix, cut to what a Service or a label may have. Takes a list: root, suffix. */}}
{{- define "coder-ha.suffixedName" -}}
{{- $suffix := index . 1 -}}
{{- $name := include "coder-ha.serviceName" (index . 0) | trunc (int (sub 63 (len $suffix))) | trimSuffix "-" -}}
{{- printf "%s%s" $name $suffix -}}
{{- end -}}

{{/* Name of the headless Service that gives each replica a DNS name. */}}
{{- define "coder-ha.replicasServiceName" -}}
{{- include "coder-ha.suffixedName" (list . "-replicas") -}}
{{- end -}}

{{- define "coder-ha.workloadKind" -}}
{{- .Values.coder.workloadKind | default "StatefulSet" -}}
{{- end -}}

{{/* Name of the ServiceAccount, which Role and RoleBinding are named after. */}}
{{- define "coder-ha.serviceAccountName" -}}
{{- (.Values.coder.serviceAccount).name | default "coder" -}}
{{- end -}}
