{{/* "true" when coderd itself serves TLS, else "false". */}}
{{- define "coder-ha.tlsEnabled" -}}
{{- not (empty (.Values.coder.tls).secretNames) -}}
{{- end -}}

{{/*
The files of all TLS secrets, comma-joined in the user's order.
Takes a list: the root context, the file name in each secret.
*/}}
{{- define "coder-ha.tlsFiles" -}}
{{- $files := list -}}
{{- range ((index . 0).Values.coder.tls).secretNames -}}
{{- $files = append $files (printf "/etc/ssl/certs/coder/%v/%s" . (index $ 1)) -}}
{{- end -}}
{{- join "," $files -}}
{{- end -}}

{{- define "coder-ha.tlsEnv" -}}
{{- if eq (include "coder-ha.tlsEnabled" .) "true" -}}
- name: CODER_TLS_ENABLE
  value: "true"
- name: CODER_TLS_ADDRESS
  value: {{ printf "%s:8443" (include "coder-ha.listenHost" .) | quote }}
- name: CODER_TLS_CERT_FILE
  value: {{ include "coder-ha.tlsFiles" (list . "tls.crt") | quote }}
- name: CODER_TLS_KEY_FILE
  value: {{ include "coder-ha.tlsFiles" (list . "tls.key") | quote }}
{{- end -}}
{{- end -}}
