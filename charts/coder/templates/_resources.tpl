{{/*
The user's resources whole, or the default whole: they are never mixed. Only ephemeral
storage is added to either, where the resources do not say it themselves. Takes a dict:
resources, storage.
*/}}
{{- define "coder-ha.resourcesOf" -}}
{{- $default := dict "cpu" "2000m" "memory" "4096Mi" -}}
{{- $resources := deepCopy (.resources | default (dict "limits" $default "requests" $default)) -}}
{{- $storage := .storage | default dict -}}
{{- range $part, $amount := dict "requests" $storage.request "limits" $storage.limit -}}
{{- if and $amount (not (hasKey (get $resources $part | default dict) "ephemeral-storage")) -}}
{{- $_ := set $resources $part (mergeOverwrite (dict "ephemeral-storage" $amount) (deepCopy (get $resources $part | default dict))) -}}
{{- end -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{- define "coder-ha.resources" -}}
{{- include "coder-ha.resourcesOf" (dict "resources" .Values.coder.resources "storage" .Values.coder.ephemeralStorage) -}}
{{- end -}}

{{/*
The value of GOMEMLIMIT: coder.goMemoryLimitPercent of the container's memory limit,
in MiB. Empty when it is not asked for, or there is no limit.
*/}}
{{- define "coder-ha.goMemoryLimit" -}}
{{- $percent := .Values.coder.goMemoryLimitPercent | default 0 | toString | atoi -}}
{{- $limit := ((include "coder-ha.resources" . | fromYaml).limits).memory -}}
{{- if and $percent $limit -}}
{{- $units := dict "" 1 "m" 0.001 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $text := kindIs "string" $limit | ternary $limit (toJson $limit) -}}
{{- $unit := regexFind "[a-zA-Z]*$" $text -}}
{{- if and (regexMatch "^[0-9]+(\\.[0-9]+)?[a-zA-Z]*$" $text) (hasKey $units $unit) -}}
{{- $bytes := mulf (float64 (trimSuffix $unit $text)) (get $units $unit) $percent -}}
{{- printf "%dMiB" (divf $bytes 104857600 | floor | int64) -}}
{{- end -}}
{{- end -}}
{{- end -}}
