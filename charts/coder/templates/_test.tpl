{{/* Labels of the test pod. They must not be the replicas': no Service may send requests to it. */}}
{{- define "coder-ha.testLabels" -}}
app.kubernetes.io/name: {{ include "coder-ha.suffixedName" (list . "-test") }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/*
What the test asks: the Service, then each replica by name, at the path that
the other replicas ask when the embedded relay is on. The pods of a Deployment
have no names to ask them by. As JSON.
*/}}
{{- define "coder-ha.testURLs" -}}
{{- $urls := list -}}
{{- $suffix := printf "%s.svc.%s" .Release.Namespace (include "coder-ha.clusterDomain" .) -}}
{{- if (.Values.coder.service).enable -}}
{{- $urls = append $urls (printf "http://%s.%s/healthz" (include "coder-ha.serviceName" .) $suffix) -}}
{{- end -}}
{{- if eq (include "coder-ha.workloadKind" .) "StatefulSet" -}}
{{- $path := eq (include "coder-ha.embeddedRelayOff" .) "true" | ternary "/healthz" "/derp/latency-check" -}}
{{- range $ordinal := until (include "coder-ha.replicas" . | int) -}}
{{- $urls = append $urls (printf "http://%s-%d.%s.%s:8080%s" (include "coder-ha.workloadName" $) $ordinal (include "coder-ha.replicasServiceName" $) $suffix $path) -}}
{{- end -}}
{{- end -}}
{{- toJson $urls -}}
{{- end -}}

{{- define "coder-ha.testPodSpec" -}}
restartPolicy: Never
automountServiceAccountToken: false
{{- with .Values.coder.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with (.Values.coder.image).pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.coder.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.coder.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: test
    image: {{ (.Values.coder.test).image | default (include "coder-ha.image" .) | quote }}
    imagePullPolicy: {{ (.Values.coder.image).pullPolicy }}
    command:
      {{- toYaml (.Values.coder.test).command | nindent 6 }}
    args:
      {{- toYaml (include "coder-ha.testURLs" . | fromJsonArray) | nindent 6 }}
    resources:
      requests:
        cpu: 10m
        memory: 32Mi
      limits:
        cpu: 500m
        memory: 64Mi
    securityContext:
      {{- include "coder-ha.securityContext" . | nindent 6 }}
{{- end -}}
