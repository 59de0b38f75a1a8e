{{/* Replicas as a number; 1 when the user leaves the count to Kubernetes. */}}
{{- define "coder-ha.replicas" -}}
{{- $count := .Values.coder.replicaCount -}}
{{- kindIs "invalid" $count | ternary 1 $count | int -}}
{{- end -}}

{{/* The user's or chart's entry of a name, as JSON; empty when there is none. Takes a list: root, name. */}}
{{- define "coder-ha.envEntry" -}}
{{- range (include "coder-ha.env" (index . 0) | fromJson).entries -}}
{{- if eq (.name | default "" | toString) (index $ 1) -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A name's value where the manifest shows it, with $(NAME) resolved; else empty. Takes a list: root, name. */}}
{{- define "coder-ha.envPlain" -}}
{{- get (include "coder-ha.env" (index . 0) | fromJson).plain (index . 1) -}}
{{- end -}}

{{/*
Where the database URL comes from: "value", "reference" (valueFrom), "unknown"
(envFrom, a flag, or a command that may set it), "unneeded" (a workspace proxy
has no database), or "none".
*/}}
{{- define "coder-ha.databaseSource" -}}
{{- $entry := include "coder-ha.envEntry" (list . "CODER_PG_CONNECTION_URL") | fromJson -}}
{{- $command := .Values.coder.command | default (list "/opt/coder") -}}
{{- $words := concat $command (.Values.coder.commandArgs | default list) | join " " -}}
{{- if or .Values.coder.workspaceProxy (contains "wsproxy" $words) (contains "workspace-proxy" $words) -}}
unneeded
{{- else if $entry.valueFrom -}}
reference
{{- else if $entry.value -}}
value
{{- else if or .Values.coder.envFrom (contains "postgres-url" $words) (not (hasSuffix "coder" (first $command | toString))) -}}
unknown
{{- else -}}
none
{{- end -}}
{{- end -}}

{{/* "true" when the user turned Coder's own relay off; the relay URL is then ignored by Coder. */}}
{{- define "coder-ha.embeddedRelayOff" -}}
{{- has (include "coder-ha.envPlain" (list . "CODER_DERP_SERVER_ENABLE")) (list "false" "False" "FALSE" "f" "F" "0") -}}
{{- end -}}
