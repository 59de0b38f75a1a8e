{{/*
Puts out the objects of one template, with the user's patches. Without patches it is
the text as it was written. Takes a list: root, name of the template.
*/}}
{{- define "coder-ha.put" -}}
{{- $root := index . 0 -}}
{{- include "coder-ha.values" $root -}}
{{- $text := include (index . 1) $root -}}
{{- if $root.Values.patches -}}
{{- range regexSplit "(?m)^---" $text -1 -}}
{{- with fromYaml . }}
---
{{ include "coder-ha.patched" (dict "object" . "patches" $root.Values.patches) }}
{{- end -}}
{{- end -}}
{{- else -}}
{{- $text -}}
{{- end -}}
{{- end -}}

{{/* An object with all patches that are for it, in their order, as YAML. Takes a dict: object, patches. */}}
{{- define "coder-ha.patched" -}}
{{- $object := .object -}}
{{- range $index, $patch := .patches -}}
{{- if eq (include "coder-ha.isTarget" (dict "object" $object "target" $patch.target)) "true" -}}
{{- with $patch.merge -}}
{{- include "coder-ha.merge" (dict "into" $object "patch" .) -}}
{{- end -}}
{{- range $step, $operation := $patch.json -}}
{{- $where := printf "patches[%d].json[%d]" $index $step -}}
{{- $parts := $operation.path | default "" | toString | splitList "/" | rest -}}
{{- $object = (include "coder-ha.patchAt" (dict "node" $object "parts" $parts "operation" $operation "where" $where) | fromJson).node -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}

{{/* "true" when an object is what a patch is for. Takes a dict: object, target. */}}
{{- define "coder-ha.isTarget" -}}
{{- $name := .target.name | default "" | toString -}}
{{- and (eq (toString .object.kind) (toString .target.kind)) (or (eq $name "") (eq $name (toString .object.metadata.name))) -}}
{{- end -}}

{{/* A merge patch (RFC 7386): null takes a key away, lists are replaced. Takes a dict: into, patch. */}}
{{- define "coder-ha.merge" -}}
{{- $into := .into -}}
{{- range $key, $value := .patch -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $into $key -}}
{{- else if kindIs "map" $value -}}
{{- if not (kindIs "map" (get $into $key)) -}}
{{- $_ := set $into $key dict -}}
{{- end -}}
{{- include "coder-ha.merge" (dict "into" (get $into $key) "patch" $value) -}}
{{- else -}}
{{- $_ := set $into $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
One operation of a JSON patch (RFC 6902) below a node: add, replace or remove. Gives
JSON with the changed node under "node". Takes a dict: node, parts (what is left of the
path), operation, where (for messages).
*/}}
{{- define "coder-ha.patchAt" -}}
{{- $node := .node -}}
{{- $do := .operation.op -}}
{{- $missing := printf "%s: the path %s of the patch is not in the object: correct the path, or add what is above it first." .where .operation.path -}}
{{- if empty .parts -}}
{{- $node = .operation.value -}}
{{- else -}}
{{- $key := first .parts | replace "~1" "/" | replace "~0" "~" -}}
{{- $below := dict "parts" (rest .parts) "operation" .operation "where" .where -}}
{{- $end := eq (len .parts) 1 -}}
{{- if kindIs "map" $node -}}
{{- if and (not (hasKey $node $key)) (or (not $end) (ne $do "add")) -}}
{{- fail $missing -}}
{{- end -}}
{{- if and $end (eq $do "remove") -}}
{{- $_ := unset $node $key -}}
{{- else -}}
{{- $_ := set $below "node" (get $node $key) -}}
{{- $_ := set $node $key (include "coder-ha.patchAt" $below | fromJson).node -}}
{{- end -}}
{{- else if kindIs "slice" $node -}}
{{- $insert := and $end (eq $do "add") -}}
{{- $last := $insert | ternary (len $node) (sub (len $node) 1 | int) -}}
{{- $index := eq $key "-" | ternary (len $node) (atoi $key) -}}
{{- if not (and (regexMatch "^(0|[1-9][0-9]*|-)$" $key) (le $index $last)) -}}
{{- fail $missing -}}
{{- end -}}
{{- $changed := list -}}
{{- range $i, $item := $node -}}
{{- if ne $i $index -}}
{{- $changed = append $changed $item -}}
{{- else if $insert -}}
{{- $changed = concat $changed (list $below.operation.value $item) -}}
{{- else if not (and $end (eq $do "remove")) -}}
{{- $_ := set $below "node" $item -}}
{{- $changed = append $changed (include "coder-ha.patchAt" $below | fromJson).node -}}
{{- end -}}
{{- end -}}
{{- if and $insert (eq $index (len $node)) -}}
{{- $changed = append $changed $below.operation.value -}}
{{- end -}}
{{- $node = $changed -}}
{{- else -}}
{{- fail $missing -}}
{{- end -}}
{{- end -}}
{{- dict "node" $node | toJson -}}
{{- end -}}

{{/* A patch that no object of the chart takes would pass for one that works. */}}
{{- define "coder-ha.refusePatches" -}}
{{- if .Values.patches -}}
{{- $text := "" -}}
{{- range list "budget" "deployment" "httpRoute" "ingress" "listenerSet" "metrics" "networkPolicy" "podMonitor" "preflight" "provisioners" "rbac" "replicasService" "service" "serviceAccount" "serviceMonitor" "statefulSet" "test" -}}
{{- $text = printf "%s\n---\n%s" $text (include (printf "coder-ha.manifest.%s" .) $) -}}
{{- end -}}
{{- $objects := list -}}
{{- range regexSplit "(?m)^---" $text -1 -}}
{{- with fromYaml . -}}
{{- $objects = append $objects . -}}
{{- end -}}
{{- end -}}
{{- range $index, $patch := .Values.patches -}}
{{- $taken := false -}}
{{- range $objects -}}
{{- $taken = or $taken (eq (include "coder-ha.isTarget" (dict "object" . "target" $patch.target)) "true") -}}
{{- end -}}
{{- if not $taken -}}
{{- fail (printf "patches[%d].target is %s%s, which the chart does not make with these values: correct its kind and name, or remove the patch." $index $patch.target.kind (empty $patch.target.name | ternary "" (printf " %v" $patch.target.name))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
