{{/* TCP ports as NetworkPolicy ports. Takes a list of numbers. */}}
{{- define "coder.tcpPorts" -}}
{{- range . }}
- protocol: TCP
  port: {{ . }}
{{- end }}
{{- end -}}

{{/* The ports of coderd that users, workspaces and the load balancer reach, as JSON. */}}
{{- define "coder.userPorts" -}}
{{- eq (include "coder.tlsEnabled" .) "true" | ternary (list 8080 8443) (list 8080) | toJson -}}
{{- end -}}

{{/* The ports on which replicas reach each other, as JSON. */}}
{{- define "coder.replicaPorts" -}}
{{- append (include "coder.userPorts" . | fromJsonArray) 6222 | toJson -}}
{{- end -}}

{{/* The port that the access URL names, where it names one other than its scheme's. */}}
{{- define "coder.accessURLPort" -}}
{{- $endpoint := include "coder.urlEndpoint" (include "coder.envPlain" (list . "CODER_ACCESS_URL")) -}}
{{- if regexMatch ":[0-9]+$" $endpoint -}}
{{- regexFind "[0-9]+$" $endpoint -}}
{{- end -}}
{{- end -}}
