{{/*
A value of the user's as a template of its own: a string as it is, anything
else as YAML. Takes a dict: value, context.
*/}}
{{- define "coder.renderTemplate" -}}
{{- if kindIs "string" .value -}}
{{- tpl .value .context -}}
{{- else -}}
{{- tpl (toYaml .value) .context -}}
{{- end -}}
{{- end -}}
