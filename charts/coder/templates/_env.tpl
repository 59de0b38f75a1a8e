{{/*
The environment that the chart itself sets, in the order of the upstream
chart. KUBE_POD_IP comes before the entries that use it: Kubernetes resolves
$(NAME) only from earlier entries.
Four names step aside for an entry of the user's: nothing refers to them.
*/}}
{{- define "coder-ha.chartEnv" -}}
{{- $user := dict -}}
{{- range .Values.coder.env -}}
{{- $_ := set $user (.name | default "" | toString) true -}}
{{- end -}}
{{- $listen := include "coder-ha.listenHost" . -}}
- name: CODER_HTTP_ADDRESS
  value: {{ printf "%s:8080" $listen | quote }}
{{- if not (hasKey $user "CODER_PROMETHEUS_ADDRESS") }}
- name: CODER_PROMETHEUS_ADDRESS
  value: {{ printf "%s:2112" $listen | quote }}
{{- end }}
{{- if not (hasKey $user "CODER_PPROF_ADDRESS") }}
- name: CODER_PPROF_ADDRESS
  value: {{ printf "%s:6060" $listen | quote }}
{{- end }}
{{- if and (eq (include "coder-ha.metricsWanted" .) "true") (not (hasKey $user "CODER_PROMETHEUS_ENABLE")) }}
- name: CODER_PROMETHEUS_ENABLE
  value: "true"
{{- end }}
{{- with (.Values.provisionerDaemon).pskSecretName }}
- name: CODER_PROVISIONER_DAEMON_PSK
  valueFrom:
    secretKeyRef:
      name: {{ . | quote }}
      key: psk
{{- end }}
{{- if and .Values.coder.envUseClusterAccessURL (not (hasKey $user "CODER_ACCESS_URL")) }}
- name: CODER_ACCESS_URL
  value: {{ include "coder-ha.defaultAccessURL" . | quote }}
{{- end }}
- name: KUBE_POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
{{- if eq (include "coder-ha.relayHostFrom" .) "podName" }}
- name: KUBE_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
- name: CODER_DERP_SERVER_RELAY_URL
  value: {{ include "coder-ha.relayURL" . | quote }}
- name: CODER_CLUSTER_HOST
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
{{- with include "coder-ha.tlsEnv" . }}
{{ . }}
{{- end }}
{{- with include "coder-ha.goMemoryLimit" . }}
{{- if not (hasKey $user "GOMEMLIMIT") }}
- name: GOMEMLIMIT
  value: {{ . }}
{{- end }}
{{- end }}
{{- end -}}
