{{/*
A value of the user's as a template of its own: a string as it is, anything
else as YAML. The named templates of the upstream chart that such a template may
include are here under this chart's prefix: two charts in one release must not
share a name. Takes a dict: value, context.
*/}}
{{- define "coder-ha.renderTemplate" -}}
{{- $text := kindIs "string" .value | ternary .value (toYaml .value) -}}
{{- $upstream := "chart|defaultAccessURL|image|ingressWildcardHost|labels|name|renderTemplate|selectorLabels|tlsEnabled|tlsEnv|volumeList|volumeMountList" -}}
{{- tpl (regexReplaceAll (printf "\\b(include|template)(\\s+)\"coder\\.(%s)\"" $upstream) $text "${1}${2}\"coder-ha.${3}\"") .context -}}
{{- end -}}
