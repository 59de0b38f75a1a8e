{{- define "coder-ha.preflightName" -}}
{{- include "coder-ha.suffixedName" (list . "-preflight") -}}
{{- end -}}

{{/* Labels of the preflight pod. They must not be the replicas': no Service may send requests to it. */}}
{{- define "coder-ha.preflightLabels" -}}
app.kubernetes.io/name: {{ include "coder-ha.preflightName" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/*
Labels of the pod with the user's. It needs no sidecar, for it talks to the Kubernetes
API only, and one would keep it from ending.
*/}}
{{- define "coder-ha.preflightPodLabels" -}}
{{- $labels := dict "sidecar.istio.io/inject" "false" -}}
{{- $own := include "coder-ha.preflightLabels" . | fromYaml -}}
{{- toYaml (mergeOverwrite $labels (.Values.coder.preflight.podLabels | default dict) $own) -}}
{{- end -}}

{{/*
Metadata of an object of the preflight, a hook before an install and an upgrade. Helm
removes it before the next run, and with hook-succeeded already when the run ends.
Takes a dict: root, weight, delete.
*/}}
{{- define "coder-ha.preflightMetadata" -}}
name: {{ include "coder-ha.preflightName" .root }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  helm.sh/chart: {{ include "coder-ha.chart" .root }}
  {{- include "coder-ha.preflightLabels" .root | nindent 2 }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: {{ .delete | quote }}
{{- end -}}

{{/* What the release will be, for the preflight to look at: the chart's own objects, patched, and the extra ones. */}}
{{- define "coder-ha.preflightManifest" -}}
{{- range list "serviceAccount" "service" "replicasService" "metrics" "statefulSet" "deployment" "provisioners" "budget" "networkPolicy" "ingress" "httpRoute" "listenerSet" -}}
{{- with include "coder-ha.put" (list $ (printf "coder-ha.manifest.%s" .)) | trim }}
{{ . }}
{{- end -}}
{{- end -}}
{{- range .Values.extraTemplates }}
---
{{ include "coder-ha.renderTemplate" (dict "value" . "context" $) | trim }}
{{- end -}}
{{- end -}}

{{/*
What the preflight may do in the namespace: start the pods and take them away, ask
them, and see what stands around them. docs/rbac.yaml says what each is for.
*/}}
{{- define "coder-ha.preflightRules" -}}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, delete]
- apiGroups: [""]
  resources: [pods, services, events]
  verbs: [list]
- apiGroups: [""]
  resources: [pods/portforward]
  verbs: [create]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [list]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get]
{{- end -}}

{{/* Before this time, Helm's own of 5 minutes included, the Job ends whatever happens. */}}
{{- define "coder-ha.preflightDeadline" -}}
{{- add ((.Values.coder.preflight).timeoutSeconds | int64) 60 -}}
{{- end -}}

{{- define "coder-ha.preflightPodSpec" -}}
{{- $preflight := .Values.coder.preflight -}}
restartPolicy: Never
serviceAccountName: {{ $preflight.serviceAccountName | default (include "coder-ha.preflightName" .) | quote }}
automountServiceAccountToken: true
{{- with (.Values.coder.image).pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with kindIs "invalid" $preflight.tolerations | ternary .Values.coder.tolerations $preflight.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with kindIs "invalid" $preflight.nodeSelector | ternary .Values.coder.nodeSelector $preflight.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
containers:
  - name: preflight
    image: {{ $preflight.image | quote }}
    imagePullPolicy: IfNotPresent
    args:
      - validate
      - --manifest=/release/manifest.yaml
      - {{ printf "--namespace=%s" .Release.Namespace | quote }}
      - --in-cluster
      - {{ printf "--agent-image=%s" $preflight.image | quote }}
      - {{ printf "--timeout=%ds" ($preflight.timeoutSeconds | int64) }}
      {{- range $preflight.args }}
      - {{ . | toString | quote }}
      {{- end }}
    volumeMounts:
      - name: release
        mountPath: /release
        readOnly: true
    resources:
      {{- if $preflight.resources }}
      {{- toYaml $preflight.resources | nindent 6 }}
      {{- else }}
      requests:
        cpu: 100m
        memory: 128Mi
      limits:
        # Above the 512 MiB that a run takes at most, so that it says itself that they are
        # not enough.
        memory: 640Mi
      {{- end }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
volumes:
  - name: release
    secret:
      secretName: {{ include "coder-ha.preflightName" . }}
{{- end -}}

{{- define "coder-ha.refusePreflight" -}}
{{- $preflight := .Values.coder.preflight | default dict -}}
{{- if $preflight.enabled -}}
{{- if not $preflight.image -}}
{{- fail "coder.preflight.enabled needs an image with the plugin and its agent: copy the one that `make package` writes to your registry, and name it in coder.preflight.image, or set coder.preflight.enabled to false." -}}
{{- end -}}
{{- if .Values.coder.workspaceProxy -}}
{{- fail "coder.preflight.enabled checks replicas of coderd, and coder.workspaceProxy runs none: set one of the two to false." -}}
{{- end -}}
{{- if lt ($preflight.timeoutSeconds | int64) 30 -}}
{{- fail (printf "coder.preflight.timeoutSeconds is %d, in which no pod can be started and asked: set 30 or more." ($preflight.timeoutSeconds | int64)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
