{{/*
A wildcard host as Kubernetes accepts it: the suffix that Coder allows after
the asterisk goes, "*-suffix.example.com" becomes "*.example.com".
*/}}
{{- define "coder-ha.wildcardHost" -}}
{{- regexReplaceAll "\\*[^.]*(\\..*)" (toString .) "*${1}" -}}
{{- end -}}

{{- define "coder-ha.ingressWildcardHost" -}}
{{- include "coder-ha.wildcardHost" ((.Values.coder.ingress).wildcardHost | default "") -}}
{{- end -}}

{{/* One rule of the Ingress. Takes a list: the root context, the host. */}}
{{- define "coder-ha.ingressRule" -}}
- host: {{ index . 1 | default "" | quote }}
  http:
    paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: {{ include "coder-ha.serviceName" (index . 0) | quote }}
            port:
              name: http
{{- end -}}

{{/* Host names of both HTTPRoutes; none given means every host of the listener. */}}
{{- define "coder-ha.routeHostnames" -}}
{{- $route := .Values.coder.httproute -}}
{{- $hosts := list -}}
{{- with $route.host -}}
{{- $hosts = append $hosts (toString .) -}}
{{- end -}}
{{- with $route.wildcardHost -}}
{{- $hosts = append $hosts (include "coder-ha.wildcardHost" .) -}}
{{- end -}}
{{- with $hosts -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
