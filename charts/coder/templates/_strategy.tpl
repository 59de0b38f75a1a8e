{{/*
The update strategy of the StatefulSet. coder.updateStrategy is taken as it is;
otherwise coder.strategy, which is written for a Deployment, becomes what is
nearest to it:
- RollingUpdate: one replica after the other, or maxUnavailable at once. A
  StatefulSet never runs more than its replicas: maxSurge has no equivalent.
- Recreate: all replicas at once.
*/}}
{{- define "coder-ha.updateStrategy" -}}
{{- $strategy := .Values.coder.strategy | default dict -}}
{{- $most := include "coder-ha.maxUnavailable" . -}}
{{- if .Values.coder.updateStrategy -}}
{{- toYaml .Values.coder.updateStrategy -}}
{{- else -}}
type: RollingUpdate
{{- if eq ($strategy.type | default "") "Recreate" }}
rollingUpdate:
  maxUnavailable: 100%
{{- else if $most }}
rollingUpdate:
  maxUnavailable: {{ $most }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* The user's maxUnavailable; empty when there is none or it is zero, which a StatefulSet cannot do. */}}
{{- define "coder-ha.maxUnavailable" -}}
{{- $most := ((.Values.coder.strategy).rollingUpdate).maxUnavailable -}}
{{- if not (has (toString $most) (list "<nil>" "" "0" "0%")) -}}
{{- $most -}}
{{- end -}}
{{- end -}}

{{/* What became of coder.strategy, for the notes; empty when nothing was translated. */}}
{{- define "coder-ha.strategyNote" -}}
{{- $strategy := .Values.coder.strategy | default dict -}}
{{- $rolling := $strategy.rollingUpdate | default dict -}}
{{- if and $strategy (eq (include "coder-ha.workloadKind" .) "StatefulSet") -}}
{{- if .Values.coder.updateStrategy -}}
coder.strategy is not used: coder.updateStrategy is set and taken as it is.
{{- else if eq ($strategy.type | default "") "Recreate" -}}
coder.strategy Recreate became RollingUpdate with maxUnavailable 100%: all replicas at once.
{{- if and (gt (include "coder-ha.replicas" . | int) 1) (semverCompare "<1.37-0" .Capabilities.KubeVersion.Version) }}
Kubernetes before 1.37 ignores maxUnavailable here and replaces one replica after the other.
To keep two versions from running side by side, scale to 0 before the upgrade, or set
coder.workloadKind=Deployment, which knows Recreate itself.
{{- end }}
{{- else -}}
coder.strategy {{ $strategy.type | default "RollingUpdate" }} became the StatefulSet's RollingUpdate: {{ with include "coder-ha.maxUnavailable" . }}{{ . }} unavailable at a time{{ else }}one replica after the other{{ end }}.
{{- if hasKey $rolling "maxSurge" }}
maxSurge has no equivalent: a StatefulSet never runs more pods than coder.replicaCount.
{{- end }}
{{- if and (hasKey $rolling "maxUnavailable") (not (include "coder-ha.maxUnavailable" .)) }}
maxUnavailable {{ $rolling.maxUnavailable }} cannot be kept without a surge: one replica is down at a time.
{{- end }}
{{- if and (include "coder-ha.maxUnavailable" .) (semverCompare "<1.37-0" .Capabilities.KubeVersion.Version) }}
Kubernetes before 1.37 ignores maxUnavailable here and replaces one replica after the other.
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
