{{/* The IP families of both Services: the user's, or IPv6 alone for a single-stack IPv6 cluster. */}}
{{- define "coder-ha.ipFamilies" -}}
{{- $service := .Values.coder.service | default dict -}}
{{- $policy := $service.ipFamilyPolicy | default (ternary "SingleStack" "" (not (empty .Values.coder.singleStackIPv6))) -}}
{{- $families := $service.ipFamilies | default (ternary (list "IPv6") list (not (empty .Values.coder.singleStackIPv6))) -}}
{{- $fields := dict -}}
{{- with $policy -}}
{{- $_ := set $fields "ipFamilyPolicy" . -}}
{{- end -}}
{{- with $families -}}
{{- $_ := set $fields "ipFamilies" . -}}
{{- end -}}
{{- with $fields -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
