{{/* Name of a pool's Deployment and, unless another is named, its ServiceAccount. Takes a list: root, pool. */}}
{{- define "coder-ha.poolName" -}}
{{- include "coder-ha.suffixedName" (list (index . 0) (printf "-provisioner-%v" (index . 1).name)) -}}
{{- end -}}

{{- define "coder-ha.poolServiceAccountName" -}}
{{- ((index . 1).serviceAccount).name | default (include "coder-ha.poolName" .) -}}
{{- end -}}

{{/*
Labels that select a pool's pods. Their app.kubernetes.io/name is not the replicas':
no Service, budget or policy of the replicas may take them for one.
*/}}
{{- define "coder-ha.poolSelectorLabels" -}}
app.kubernetes.io/name: {{ include "coder-ha.poolName" . | quote }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
{{- end -}}

{{/* The release's labels, with the pool's selector in them. Takes a list: root, pool, labels or null. */}}
{{- define "coder-ha.poolLabels" -}}
{{- $own := include "coder-ha.poolSelectorLabels" . | fromYaml -}}
{{- $labels := include "coder-ha.labels" (index . 0) | fromYaml -}}
{{- toYaml (mergeOverwrite $labels (index . 2 | default dict) $own) -}}
{{- end -}}

{{/*
What a provisioner daemon is told: where Coder is, who it is, and what it takes. An
entry of the user's replaces one of the chart's. Takes a list: root, pool.
*/}}
{{- define "coder-ha.poolEnv" -}}
{{- $root := index . 0 -}}
{{- $pool := index . 1 -}}
{{- $env := list
  (dict "name" "CODER_URL" "value" (printf "http://%s.%s.svc.%s" (include "coder-ha.serviceName" $root) $root.Release.Namespace (include "coder-ha.clusterDomain" $root)))
  (dict "name" "CODER_PROMETHEUS_ADDRESS" "value" (printf "%s:2112" (include "coder-ha.listenHost" $root)))
-}}
{{- if $pool.keySecretName -}}
{{- $key := dict "name" (toString $pool.keySecretName) "key" ($pool.keySecretKey | default "key" | toString) -}}
{{- $env = append $env (dict "name" "CODER_PROVISIONER_DAEMON_KEY" "valueFrom" (dict "secretKeyRef" $key)) -}}
{{- else -}}
{{- $key := dict "name" (toString ($root.Values.provisionerDaemon).pskSecretName) "key" "psk" -}}
{{- $env = append $env (dict "name" "CODER_PROVISIONER_DAEMON_PSK" "valueFrom" (dict "secretKeyRef" $key)) -}}
{{- end -}}
{{- $tags := list -}}
{{- range $tag, $value := $pool.tags -}}
{{- $tags = append $tags (printf "%s=%v" $tag $value) -}}
{{- end -}}
{{- with $tags -}}
{{- $env = append $env (dict "name" "CODER_PROVISIONERD_TAGS" "value" (join "," .)) -}}
{{- end -}}
{{- $entries := list -}}
{{- $names := list -}}
{{- range $pool.env -}}
{{- $names = append $names (toString .name) -}}
{{- end -}}
{{- range $env -}}
{{- if not (has .name $names) -}}
{{- $entries = append $entries . -}}
{{- end -}}
{{- end -}}
{{- concat $entries ($pool.env | default list) | toYaml -}}
{{- end -}}

{{/* One of the pool's own keys, or the replicas' where the pool has none. Takes a list: root, pool, key. */}}
{{- define "coder-ha.poolOrCoder" -}}
{{- $key := index . 2 -}}
{{- with hasKey (index . 1) $key | ternary (get (index . 1) $key) (get (index . 0).Values.coder $key) -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.poolPodSpec" -}}
{{- $root := index . 0 -}}
{{- $pool := index . 1 -}}
{{- $coder := $root.Values.coder -}}
serviceAccountName: {{ include "coder-ha.poolServiceAccountName" . | quote }}
restartPolicy: Always
{{- with $coder.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $coder.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with $coder.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $coder.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with ($coder.image).pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationGracePeriodSeconds: {{ kindIs "invalid" $pool.terminationGracePeriodSeconds | ternary 600 $pool.terminationGracePeriodSeconds | int64 }}
{{- with $pool.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $key := list "tolerations" "nodeSelector" "hostAliases" }}
{{- with include "coder-ha.poolOrCoder" (list $root $pool $key) }}
{{ $key }}:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
containers:
  - name: provisioner
    image: {{ include "coder-ha.image" $root | quote }}
    imagePullPolicy: {{ ($coder.image).pullPolicy }}
    command:
      {{- toYaml $coder.command | nindent 6 }}
    args: [provisionerd, start]
    {{- with $pool.envFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    env:
      {{- include "coder-ha.poolEnv" . | nindent 6 }}
    resources:
      {{- include "coder-ha.resourcesOf" (dict "resources" $pool.resources "storage" $coder.ephemeralStorage) | nindent 6 }}
    securityContext:
      {{- include "coder-ha.securityContext" $root | nindent 6 }}
    volumeMounts:
      {{- $certs := include "coder-ha.certMounts" $root | fromYamlArray }}
      {{- $own := $pool.volumeMounts | default list }}
      {{- concat $certs (include "coder-ha.writableMounts" (list $root $own) | fromYamlArray) $own | default list | toYaml | nindent 6 }}
volumes:
  {{- $certs := include "coder-ha.certVolumes" $root | fromYamlArray }}
  {{- concat $certs (include "coder-ha.writableVolumes" (list $root ($pool.volumeMounts | default list)) | fromYamlArray) ($pool.volumes | default list) | default list | toYaml | nindent 2 }}
{{- end -}}

{{- define "coder-ha.refuseProvisioners" -}}
{{- $names := list -}}
{{- range $index, $pool := (.Values.provisionerDaemon).pools -}}
{{- $where := printf "provisionerDaemon.pools[%d] (%s)" $index $pool.name -}}
{{- if has $pool.name $names -}}
{{- fail (printf "%s has the name of another pool, and one of them would replace the other: give it another name." $where) -}}
{{- end -}}
{{- $names = append $names $pool.name -}}
{{- if not (or $pool.keySecretName ($.Values.provisionerDaemon).pskSecretName) -}}
{{- fail (printf "%s has no key, and Coder would not let it in: set keySecretName to the Secret with its provisioner key, or provisionerDaemon.pskSecretName." $where) -}}
{{- end -}}
{{- if and $pool.keySecretName $pool.tags -}}
{{- fail (printf "%s has both keySecretName and tags, but a provisioner key carries its tags and the daemon would not start: remove tags, and name them in `coder provisioner keys create --tag`." $where) -}}
{{- end -}}
{{- $env := include "coder-ha.poolEnv" (list $ $pool) | fromYamlArray -}}
{{- range $env -}}
{{- if and (eq .name "CODER_URL") (not ($.Values.coder.service).enable) (hasSuffix (printf "svc.%s" (include "coder-ha.clusterDomain" $)) (toString .value)) -}}
{{- fail (printf "%s would ask the Service for work, but coder.service.enable is false: set coder.service.enable=true, or CODER_URL in env of the pool." $where) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
