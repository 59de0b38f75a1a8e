{{/*
The host part of every listen address, with brackets around IPv6.
*/}}
{{- define "coder-ha.listenHost" -}}
{{- $host := .Values.coder.listenAddress | default "" | toString | trimPrefix "[" | trimSuffix "]" -}}
{{- if not $host -}}
{{- $host = ternary "::" "0.0.0.0" (not (empty .Values.coder.singleStackIPv6)) -}}
{{- end -}}
{{- if contains ":" $host -}}
{{- printf "[%s]" $host -}}
{{- else -}}
{{- $host -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.clusterDomain" -}}
{{- .Values.coder.clusterDomain | default "cluster.local" -}}
{{- end -}}

{{/* Where clients inside the cluster reach the Service. */}}
{{- define "coder-ha.defaultAccessURL" -}}
{{- $scheme := ternary "https" "http" (eq (include "coder-ha.tlsEnabled" .) "true") -}}
{{- printf "%s://%s.%s.svc.%s" $scheme (include "coder-ha.serviceName" .) .Release.Namespace (include "coder-ha.clusterDomain" .) -}}
{{- end -}}

{{- define "coder-ha.relayHostFrom" -}}
{{- (.Values.coder.relay).hostFrom | default "podIP" -}}
{{- end -}}

{{/*
The URL at which the other replicas reach this one. Plain HTTP, also when TLS
is on: the relayed traffic is encrypted end to end, and HTTPS between replicas
would be checked against the access URL's host name.
*/}}
{{- define "coder-ha.relayURL" -}}
{{- if eq (include "coder-ha.relayHostFrom" .) "podName" -}}
{{- printf "http://$(KUBE_POD_NAME).%s.%s.svc.%s:8080" (include "coder-ha.replicasServiceName" .) .Release.Namespace (include "coder-ha.clusterDomain" .) -}}
{{- else if .Values.coder.singleStackIPv6 -}}
http://[$(KUBE_POD_IP)]:8080
{{- else -}}
http://$(KUBE_POD_IP):8080
{{- end -}}
{{- end -}}

{{/*
What two URLs have in common when they lead to the same place: host and port,
in small letters, without a trailing dot; the scheme's default port is left
out. Empty when the text is not a URL.
*/}}
{{- define "coder-ha.urlEndpoint" -}}
{{- $parts := "^\\s*([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#]*@)?(\\[[^]]*\\]|[^:/?#]*)(?::([0-9]*))?(?:[/?#].*)?\\s*$" -}}
{{- if regexMatch $parts . -}}
{{- $scheme := regexReplaceAll $parts . "${1}" | lower -}}
{{- $host := regexReplaceAll $parts . "${2}" | lower | trimSuffix "." -}}
{{- $port := regexReplaceAll $parts . "${3}" -}}
{{- $usual := dict "http" "80" "https" "443" -}}
{{- if or (not $port) (eq $port (get $usual $scheme)) -}}
{{- $host -}}
{{- else -}}
{{- printf "%s:%s" $host $port -}}
{{- end -}}
{{- end -}}
{{- end -}}
