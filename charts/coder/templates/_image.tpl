{{/*
The tag: the user's, or that of the Coder release this chart was made for.
Empty when neither is known.
*/}}
{{- define "coder-ha.imageTag" -}}
{{- $tag := (.Values.coder.image).tag | default "" | toString -}}
{{- $version := .Chart.AppVersion | default "" | toString -}}
{{- if $tag -}}
{{- $tag -}}
{{- else if and $version (ne $version "0.1.0") -}}
{{- printf "v%s" $version -}}
{{- end -}}
{{- end -}}

{{/*
The image of the Coder container. A digest decides alone what runs; a tag
beside it is kept for those who read the manifest.
*/}}
{{- define "coder-ha.image" -}}
{{- $image := .Values.coder.image | default dict -}}
{{- $repo := $image.repo | default "ghcr.io/coder/coder" -}}
{{- if $image.digest -}}
{{- $repo }}{{ with $image.tag }}:{{ . }}{{ end }}@{{ $image.digest -}}
{{- else -}}
{{- $repo }}:{{ include "coder-ha.imageTag" . -}}
{{- end -}}
{{- end -}}
