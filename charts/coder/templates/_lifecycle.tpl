{{/*
The user's lifecycle, with a delay before the stop signal. coderd takes no new
connection from that signal on, and proxies may send requests to the pod for
longer; the delay lets them notice first. Kubernetes sleeps by itself from 1.30
on; before, the sleep program of the image does.
*/}}
{{- define "coder.lifecycle" -}}
{{- $lifecycle := deepCopy (.Values.coder.lifecycle | default dict) -}}
{{- $delay := .Values.coder.drainDelaySeconds | default 0 | int -}}
{{- if and $delay (not (hasKey $lifecycle "preStop")) -}}
{{- $sleep := dict "exec" (dict "command" (list "sleep" (toString $delay))) -}}
{{- if semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version -}}
{{- $sleep = dict "sleep" (dict "seconds" $delay) -}}
{{- end -}}
{{- $_ := set $lifecycle "preStop" $sleep -}}
{{- end -}}
{{- toYaml $lifecycle -}}
{{- end -}}
