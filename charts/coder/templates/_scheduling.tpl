{{/*
Keeps replicas on different nodes: preferred, or required where two replicas
on one node would fight for its ports. It lies under the user's affinity as a
default does in values.yaml: a key of the user's wins, null takes it away. A
values file cannot hold it, as it matches this release's own labels. The upstream
chart's default counts as none: it matches a release named coder and no other.
*/}}
{{- define "coder-ha.affinity" -}}
{{- if not (kindIs "invalid" .Values.coder.affinity) -}}
{{- $affinity := deepCopy (.Values.coder.affinity | default dict) -}}
{{- $literal := dict "matchExpressions" (list (dict "key" "app.kubernetes.io/instance" "operator" "In" "values" (list "coder"))) -}}
{{- $upstream := list (dict "weight" 1 "podAffinityTerm" (dict "labelSelector" $literal "topologyKey" "kubernetes.io/hostname")) -}}
{{- if eq (toJson $affinity.podAntiAffinity) (toJson (dict "preferredDuringSchedulingIgnoredDuringExecution" $upstream)) -}}
{{- $_ := unset $affinity "podAntiAffinity" -}}
{{- end -}}
{{- $selector := dict "matchLabels" (include "coder-ha.selectorLabels" . | fromYaml) -}}
{{- $term := dict "labelSelector" $selector "topologyKey" "kubernetes.io/hostname" -}}
{{- $preferred := list (dict "weight" 100 "podAffinityTerm" $term) -}}
{{- if not (hasKey $affinity "podAntiAffinity") -}}
{{- $rule := dict "preferredDuringSchedulingIgnoredDuringExecution" $preferred -}}
{{- if .Values.coder.hostNetwork -}}
{{- $rule = dict "requiredDuringSchedulingIgnoredDuringExecution" (list $term) -}}
{{- end -}}
{{- $_ := set $affinity "podAntiAffinity" $rule -}}
{{- else if kindIs "map" $affinity.podAntiAffinity -}}
{{- if not (hasKey $affinity.podAntiAffinity "preferredDuringSchedulingIgnoredDuringExecution") -}}
{{- $_ := set $affinity.podAntiAffinity "preferredDuringSchedulingIgnoredDuringExecution" $preferred -}}
{{- end -}}
{{- end -}}
{{- toYaml $affinity -}}
{{- end -}}
{{- end -}}

{{/* Spreads replicas over zones where there are zones. Any list of the user's, also an empty one, replaces it. */}}
{{- define "coder-ha.topologySpreadConstraints" -}}
{{- $constraints := .Values.coder.topologySpreadConstraints -}}
{{- if kindIs "invalid" $constraints -}}
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "coder-ha.selectorLabels" . | nindent 6 }}
{{- else if $constraints -}}
{{- toYaml $constraints -}}
{{- end -}}
{{- end -}}

{{/*
The user's tolerations; for a StatefulSet also how long a pod stays bound to a
node that does not answer, unless the user tolerates that taint already.
*/}}
{{- define "coder-ha.tolerations" -}}
{{- $tolerations := .Values.coder.tolerations | default list -}}
{{- $seconds := .Values.coder.unreachableTolerationSeconds -}}
{{- if and (eq (include "coder-ha.workloadKind" .) "StatefulSet") (not (kindIs "invalid" $seconds)) -}}
{{- range $key := list "node.kubernetes.io/not-ready" "node.kubernetes.io/unreachable" -}}
{{- $known := false -}}
{{- range $tolerations -}}
{{- if and (has (.key | default "") (list "" $key)) (has (.effect | default "") (list "" "NoExecute")) -}}
{{- $known = true -}}
{{- end -}}
{{- end -}}
{{- if not $known -}}
{{- $tolerations = append $tolerations (dict "key" $key "operator" "Exists" "effect" "NoExecute" "tolerationSeconds" (int64 $seconds)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $tolerations -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
