{{/*
The user's lifecycle, with a delay before the stop signal. coderd takes no new
connection from that signal on, and proxies may send requests to the pod for
longer; the delay lets them notice first. The sleep program of the image makes it:
Kubernetes' own sleep needs 1.30, and a chart that is rendered without a cluster
cannot know which version it is for.
*/}}
{{- define "coder-ha.lifecycle" -}}
{{- $lifecycle := deepCopy (.Values.coder.lifecycle | default dict) -}}
{{- $delay := .Values.coder.drainDelaySeconds | default 0 | int -}}
{{- if and $delay (not (hasKey $lifecycle "preStop")) -}}
{{- $_ := set $lifecycle "preStop" (dict "exec" (dict "command" (list "sleep" (toString $delay)))) -}}
{{- end -}}
{{- toYaml $lifecycle -}}
{{- end -}}
