{{/*
Every template calls this first: it makes .Values what they all read.

A key that is not there has the chart's default. Helm itself sees to that, but for
`helm upgrade --reuse-values`, which brings the defaults of the chart that was
installed before: the upstream chart, or another version of this one. defaultsOf
tells the two apart. With the mark of this version a key that is not there was set
to null, and null is off; without it the default comes from files/values.json.

Values that are true or false may also be the words, as typed values of Terraform
are.
*/}}
{{- define "coder-ha.values" -}}
{{- if not (hasKey . "coderHA") -}}
{{- $known := .Files.Get "files/values.json" | fromJson -}}
{{- $values := deepCopy .Values -}}
{{- $foreign := true -}}
{{- range $mark, $_ := $known.defaults.defaultsOf -}}
{{- $foreign = not (hasKey ($values.defaultsOf | default dict) $mark) -}}
{{- end -}}
{{- if $foreign -}}
{{- include "coder-ha.fill" (dict "into" $values "from" $known.defaults "path" "") -}}
{{- end -}}
{{- include "coder-ha.readBooleans" (dict "value" $values "known" $known.keys) -}}
{{- if and $values.coder.deploymentStrategy (not $values.coder.strategy) -}}
{{- $_ := set $values.coder "strategy" $values.coder.deploymentStrategy -}}
{{- end -}}
{{- $_ := set . "Values" $values -}}
{{- $_ := set . "coderHA" (dict "known" $known.keys "foreign" $foreign) -}}
{{- end -}}
{{- end -}}

{{/*
Adds the defaults that are not there. What every release of the upstream chart has
was there too, and has been set to null. Takes a dict: into, from, path.
*/}}
{{- define "coder-ha.fill" -}}
{{- $upstream := list
  "coder.affinity" "coder.envUseClusterAccessURL" "coder.replicaCount" "coder.securityContext"
  "coder.securityContext.allowPrivilegeEscalation" "coder.securityContext.runAsGroup"
  "coder.securityContext.runAsNonRoot" "coder.securityContext.runAsUser" "coder.securityContext.seccompProfile"
  "coder.service" "coder.serviceAccount"
-}}
{{- range $key, $default := .from -}}
{{- $path := printf "%s%s" $.path $key -}}
{{- if hasKey $.into $key -}}
{{- if and (kindIs "map" $default) (kindIs "map" (get $.into $key)) -}}
{{- include "coder-ha.fill" (dict "into" (get $.into $key) "from" $default "path" (printf "%s." $path)) -}}
{{- end -}}
{{- else if not (has $path $upstream) -}}
{{- $_ := set $.into $key $default -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Makes true and false of the words, wherever the schema knows a boolean. Takes a dict: value, known. */}}
{{- define "coder-ha.readBooleans" -}}
{{- range $key, $known := .known.keys -}}
{{- $value := index $.value $key -}}
{{- if and $known.boolean (kindIs "string" $value) -}}
{{- $_ := set $.value $key (eq $value "true") -}}
{{- else if kindIs "map" $value -}}
{{- include "coder-ha.readBooleans" (dict "value" $value "known" $known) -}}
{{- else if and $known.items (kindIs "slice" $value) -}}
{{- range $value -}}
{{- include "coder-ha.readBooleans" (dict "value" . "known" $known.items) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
