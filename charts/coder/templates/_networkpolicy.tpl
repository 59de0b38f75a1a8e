{{/*
TCP ports as NetworkPolicy ports. Takes a list of numbers; never an empty one,
which would mean every port.
*/}}
{{- define "coder-ha.tcpPorts" -}}
{{- $ports := list -}}
{{- range . -}}
{{- $ports = append $ports (dict "protocol" "TCP" "port" (int .)) -}}
{{- end -}}
{{- toYaml $ports -}}
{{- end -}}

{{/* The ports of coderd that users, workspaces and the load balancer reach, as JSON. */}}
{{- define "coder-ha.userPorts" -}}
{{- eq (include "coder-ha.tlsEnabled" .) "true" | ternary (list 8080 8443) (list 8080) | toJson -}}
{{- end -}}

{{/* The ports on which replicas reach each other, as JSON. */}}
{{- define "coder-ha.replicaPorts" -}}
{{- append (include "coder-ha.userPorts" . | fromJsonArray) 6222 | toJson -}}
{{- end -}}

{{/*
The user's webPorts, and the port that the access URL names, as JSON.
*/}}
{{- define "coder-ha.webPorts" -}}
{{- $ports := list -}}
{{- range (.Values.coder.networkPolicy).webPorts -}}
{{- $ports = append $ports (int .) -}}
{{- end -}}
{{- $endpoint := include "coder-ha.urlEndpoint" (include "coder-ha.envPlain" (list . "CODER_ACCESS_URL")) -}}
{{- if regexMatch ":[0-9]+$" $endpoint -}}
{{- $ports = append $ports (regexFind "[0-9]+$" $endpoint | int) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{- define "coder-ha.dnsEgress" -}}
# DNS, wherever it runs: node-local caches and OpenShift's port included.
- ports:
    {{- range list 53 5353 }}
    - protocol: UDP
      port: {{ . }}
    - protocol: TCP
      port: {{ . }}
    {{- end }}
{{- end -}}

{{- define "coder-ha.webEgress" -}}
{{- with include "coder-ha.webPorts" . | fromJsonArray -}}
# The access URL, the Kubernetes API, sign-in providers, downloads of templates.
- ports:
    {{- include "coder-ha.tcpPorts" . | nindent 4 }}
  {{- with ($.Values.coder.networkPolicy).webTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}
