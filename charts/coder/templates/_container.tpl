{{- define "coder-ha.containerPorts" -}}
- name: http
  containerPort: 8080
  protocol: TCP
{{- if eq (include "coder-ha.tlsEnabled" .) "true" }}
- name: https
  containerPort: 8443
  protocol: TCP
{{- end }}
{{- if eq (include "coder-ha.prometheusEnabled" .) "true" }}
- name: prometheus-http
  containerPort: 2112
  protocol: TCP
{{- end }}
- name: cluster
  containerPort: 6222
  protocol: TCP
{{- end -}}

{{/* What the program is started with: the user's arguments, or the ones of its kind. */}}
{{- define "coder-ha.args" -}}
{{- if .Values.coder.commandArgs -}}
{{- toYaml .Values.coder.commandArgs -}}
{{- else if .Values.coder.workspaceProxy -}}
{{- toYaml (list "wsproxy" "server") -}}
{{- else -}}
{{- toYaml (list "server") -}}
{{- end -}}
{{- end -}}

{{/*
The user's security context. Capabilities are dropped, unless the user says which,
or runs Coder as root: root without capabilities cannot write /home/coder, which is
another user's.
*/}}
{{- define "coder-ha.securityContext" -}}
{{- $context := deepCopy (.Values.coder.securityContext | default dict) -}}
{{- if (.Values.coder.readOnlyRoot).enable -}}
{{- $_ := set $context "readOnlyRootFilesystem" true -}}
{{- end -}}
{{- if and (kindIs "map" $context.capabilities) (not (hasKey $context.capabilities "drop")) -}}
{{- if ne (include "coder-ha.runsAsRoot" .) "true" -}}
{{- $_ := set $context.capabilities "drop" (list "ALL") -}}
{{- else if empty $context.capabilities -}}
{{- $_ := unset $context "capabilities" -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := $context -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $context $key -}}
{{- end -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}

{{/* "true" when the values make root the user of the Coder container. */}}
{{- define "coder-ha.runsAsRoot" -}}
{{- $user := (.Values.coder.securityContext).runAsUser -}}
{{- if kindIs "invalid" $user -}}
{{- $user = (.Values.coder.podSecurityContext).runAsUser -}}
{{- end -}}
{{- eq (toString $user) "0" -}}
{{- end -}}

{{- define "coder-ha.container" -}}
name: coder
image: {{ include "coder-ha.image" . | quote }}
imagePullPolicy: {{ (.Values.coder.image).pullPolicy }}
command:
  {{- toYaml .Values.coder.command | nindent 2 }}
args:
  {{- include "coder-ha.args" . | nindent 2 }}
{{- with .Values.coder.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
env:
  {{- (include "coder-ha.env" . | fromJson).entries | toYaml | nindent 2 }}
ports:
  {{- include "coder-ha.containerPorts" . | nindent 2 }}
{{- include "coder-ha.probes" . }}
lifecycle:
  {{- include "coder-ha.lifecycle" . | nindent 2 }}
resources:
  {{- include "coder-ha.resources" . | nindent 2 }}
securityContext:
  {{- include "coder-ha.securityContext" . | nindent 2 }}
volumeMounts:
  {{- include "coder-ha.volumeMountList" . | nindent 2 }}
{{- end -}}
