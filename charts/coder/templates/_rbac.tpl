{{/* What coderd needs to run workspaces as pods: the rules before the user's own. */}}
{{- define "coder-ha.workspaceRules" -}}
{{- $verbs := list "create" "delete" "deletecollection" "get" "list" "patch" "update" "watch" -}}
{{- $rules := list
  (dict "apiGroups" (list "") "resources" (list "pods") "verbs" $verbs)
  (dict "apiGroups" (list "") "resources" (list "persistentvolumeclaims") "verbs" $verbs)
-}}
{{- if .enableDeployments -}}
{{- $rules = append $rules (dict "apiGroups" (list "apps") "resources" (list "deployments") "verbs" $verbs) -}}
{{- end -}}
{{- $own := .extraRules | default list -}}
{{- concat $rules (kindIs "map" $own | ternary (list $own) $own) | toYaml -}}
{{- end -}}

{{/*
Role and RoleBinding for workspaces in one namespace. What the namespace's own
values do not say is taken from coder.serviceAccount.
Takes a dict: root, the root context; name, of the ServiceAccount; namespace, its name;
own, its values.
*/}}
{{- define "coder-ha.workspaceRBAC" -}}
{{- $account := .root.Values.coder.serviceAccount | default dict -}}
{{- $name := .name -}}
{{- $perms := dict -}}
{{- range list "workspacePerms" "enableDeployments" "extraRules" -}}
{{- $_ := set $perms . (hasKey $.own . | ternary (get $.own .) (get $account .)) -}}
{{- end -}}
{{- if $perms.workspacePerms }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ printf "%s-workspace-perms" $name | quote }}
  namespace: {{ .namespace | quote }}
rules:
  {{- include "coder-ha.workspaceRules" $perms | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name | quote }}
  namespace: {{ .namespace | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ $name | quote }}
    {{- if ne .namespace .root.Release.Namespace }}
    namespace: {{ .root.Release.Namespace | quote }}
    {{- end }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ printf "%s-workspace-perms" $name | quote }}
{{- end }}
{{- end -}}
