{{/*
The container's whole environment: each name once, the user's entry instead of
the chart's, the last of several. Chart entries come first, then the user's, in
their own order; an entry is moved forward only where a reference to it would
otherwise stop resolving.

Why this is more than a list appended to a list:

  1. Kubernetes takes the last of two entries with one name, server-side apply
     refuses them, and a reader sees the first. So a later entry takes the place
     of an earlier one (coder.envAdd).
  2. Kubernetes expands $(NAME) only if NAME stands earlier in the list. With the
     chart's HTTP address replaced by a user's $(ADDRESS), ADDRESS must come first
     although the user listed it later. So entries are put out in the order of
     what they refer to, and else in their own order (coder.envEmit). The marks
     "open" and "done" keep a circle of references from never ending.
  3. An entry may build on the one that it replaces, as PATH=$(PATH):/opt does.
     Then the earlier one must not be lost (the middle of coder.envAdd).
  4. Refusals, NOTES and the NetworkPolicy ask what the relay URL will be. So each
     plain value is resolved on the way ("plain").

A template cannot return a value or change a variable of its caller, so the state
is one dict that the calls share, and the result is text: JSON.

Gives JSON: "entries", the list for the container; "plain", name to value for
every entry whose value stands in the manifest, with $(NAME) resolved where
NAME is plain too.
*/}}
{{- define "coder-ha.env" -}}
{{- $state := dict "entry" dict "refs" dict "order" list "mark" dict "out" list "plain" dict -}}
{{- range concat (include "coder-ha.chartEnv" . | fromYamlArray) (.Values.coder.env | default list) -}}
{{- include "coder-ha.envAdd" (dict "state" $state "entry" .) -}}
{{- end -}}
{{- range $state.order -}}
{{- include "coder-ha.envEmit" (dict "state" $state "name" .) -}}
{{- end -}}
{{- dict "entries" $state.out "plain" $state.plain | toJson -}}
{{- end -}}

{{/*
Takes one more entry into the state, in place of an earlier one of its name.
Where the new value builds on the earlier one, as in PATH=$(PATH):/opt, the
earlier one stays: written into the value when it is plain, under a name of its
own when it is not. A number or boolean becomes the string that Kubernetes
demands.
*/}}
{{- define "coder-ha.envAdd" -}}
{{- $state := .state -}}
{{- $entry := deepCopy .entry -}}
{{- $name := $entry.name | default "" | toString -}}
{{- $refs := list -}}
{{- $order := without $state.order $name -}}
{{- if not (kindIs "invalid" $entry.value) -}}
{{- $value := kindIs "string" $entry.value | ternary $entry.value (toJson $entry.value) -}}
{{- range regexFindAll "\\$\\$|\\$\\([^)]*\\)" $value -1 -}}
{{- $ref := . | trimPrefix "$(" | trimSuffix ")" -}}
{{- if and (hasPrefix "$(" .) (hasKey $state.entry $ref) -}}
{{- $refs = append $refs $ref -}}
{{- end -}}
{{- end -}}
{{- if has $name $refs -}}
{{- $old := get $state.entry $name -}}
{{- $own := printf "$(%s)" $name -}}
{{- $refs = without $refs $name -}}
{{- if kindIs "string" $old.value -}}
{{- $value = $value | replace "$$" "\x00" | replace $own $old.value | replace "\x00" "$$" -}}
{{- $refs = concat $refs (get $state.refs $name) -}}
{{- else -}}
{{- $kept := printf "%s_ORIGINAL" $name -}}
{{- $_ := set $state.entry $kept (set (deepCopy $old) "name" $kept) -}}
{{- $_ := set $state.refs $kept (get $state.refs $name) -}}
{{- $value = $value | replace "$$" "\x00" | replace $own (printf "$(%s)" $kept) | replace "\x00" "$$" -}}
{{- $refs = append $refs $kept -}}
{{- $order = append $order $kept -}}
{{- end -}}
{{- end -}}
{{- $_ := set $entry "value" $value -}}
{{- end -}}
{{- $_ := set $state.entry $name $entry -}}
{{- $_ := set $state.refs $name $refs -}}
{{- $_ := set $state "order" (append $order $name) -}}
{{- end -}}

{{/* Puts out the entries that one entry refers to, then the entry itself. */}}
{{- define "coder-ha.envEmit" -}}
{{- $state := .state -}}
{{- $name := .name -}}
{{- $mark := get $state.mark $name -}}
{{- if eq $mark "open" -}}
{{- fail (printf "coder.env: %s refers to itself through another entry, and each name can stand only once; give one of the entries another name." $name) -}}
{{- else if not $mark -}}
{{- $_ := set $state.mark $name "open" -}}
{{- range get $state.refs $name -}}
{{- include "coder-ha.envEmit" (dict "state" $state "name" .) -}}
{{- end -}}
{{- $_ := set $state.mark $name "done" -}}
{{- $entry := get $state.entry $name -}}
{{- $_ := set $state "out" (append $state.out $entry) -}}
{{- if not $entry.valueFrom -}}
{{- $value := $entry.value | default "" | replace "$$" "\x00" -}}
{{- range get $state.refs $name -}}
{{- if hasKey $state.plain . -}}
{{- $value = $value | replace (printf "$(%s)" .) (get $state.plain .) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $state.plain $name ($value | replace "\x00" "$") -}}
{{- end -}}
{{- end -}}
{{- end -}}
