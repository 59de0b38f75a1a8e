{{/*
"true" when the chart is to make a disruption budget: for more than one replica, or
for a number that the user leaves to Kubernetes.
*/}}
{{- define "coder-ha.wantsBudget" -}}
{{- $several := or (kindIs "invalid" .Values.coder.replicaCount) (gt (include "coder-ha.replicas" . | int) 1) -}}
{{- if and (.Values.coder.podDisruptionBudget).enable $several (.Capabilities.APIVersions.Has "policy/v1") -}}
true
{{- end -}}
{{- end -}}

{{/*
The budgets over the same pods that the user brings, by name, as a JSON list; the
chart then makes none, for Kubernetes evicts no pod that has two. They are looked for
among extraTemplates and, where Helm can ask the cluster, in the namespace. Those
there of this release are in the manifest, or are about to be deleted.
*/}}
{{- define "coder-ha.otherBudgets" -}}
{{- $root := . -}}
{{- $labels := include "coder-ha.labelsWith" (list . .Values.coder.podLabels) | fromYaml -}}
{{- $found := list -}}
{{- if eq (include "coder-ha.wantsBudget" .) "true" -}}
{{- range .Values.extraTemplates -}}
{{- range regexSplit "(?m)^---" (include "coder-ha.renderTemplate" (dict "value" . "context" $root)) -1 -}}
{{- $object := fromYaml . -}}
{{- if and (eq (toString $object.kind) "PodDisruptionBudget") (eq (($object.metadata).namespace | default $root.Release.Namespace) $root.Release.Namespace) -}}
{{- if eq (include "coder-ha.selects" (dict "selector" ($object.spec).selector "labels" $labels)) "true" -}}
{{- $found = append $found ($object.metadata).name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range (lookup "policy/v1" "PodDisruptionBudget" .Release.Namespace "").items -}}
{{- if ne (get (.metadata.annotations | default dict) "meta.helm.sh/release-name") $root.Release.Name -}}
{{- if eq (include "coder-ha.selects" (dict "selector" (.spec).selector "labels" $labels)) "true" -}}
{{- $found = append $found .metadata.name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $found | uniq | toJson -}}
{{- end -}}

{{/* "true" when a selector selects pods with these labels. Takes a dict: selector, labels. */}}
{{- define "coder-ha.selects" -}}
{{- $labels := .labels -}}
{{- $selects := kindIs "map" .selector -}}
{{- range $key, $value := (.selector).matchLabels -}}
{{- $selects = and $selects (hasKey $labels $key) (eq (toString $value) (toString (get $labels $key))) -}}
{{- end -}}
{{- range (.selector).matchExpressions -}}
{{- $values := list -}}
{{- range .values -}}
{{- $values = append $values (toString .) -}}
{{- end -}}
{{- $has := hasKey $labels .key -}}
{{- $in := and $has (has (toString (get $labels .key)) $values) -}}
{{- $holds := dict "In" $in "NotIn" (not $in) "Exists" $has "DoesNotExist" (not $has) -}}
{{- $selects = and $selects (get $holds .operator | default false) -}}
{{- end -}}
{{- $selects -}}
{{- end -}}
