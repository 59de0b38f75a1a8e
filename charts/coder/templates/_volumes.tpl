{{/* Volumes of the pod: TLS secrets, CA bundles, then the user's. */}}
{{- define "coder-ha.volumeList" -}}
{{- $volumes := list -}}
{{- range (.Values.coder.tls).secretNames -}}
{{- $volumes = append $volumes (dict "name" (printf "tls-%v" .) "secret" (dict "secretName" (toString .))) -}}
{{- end -}}
{{- range (.Values.coder.certs).secrets -}}
{{- $volumes = append $volumes (dict "name" (printf "ca-cert-%v" .name) "secret" (dict "secretName" (toString .name))) -}}
{{- end -}}
{{- concat $volumes (.Values.coder.volumes | default list) | default list | toYaml -}}
{{- end -}}

{{/* Mounts of the Coder container, in the order of the volumes. */}}
{{- define "coder-ha.volumeMountList" -}}
{{- $mounts := list -}}
{{- range (.Values.coder.tls).secretNames -}}
{{- $mounts = append $mounts (dict "name" (printf "tls-%v" .) "mountPath" (printf "/etc/ssl/certs/coder/%v" .) "readOnly" true) -}}
{{- end -}}
{{- range (.Values.coder.certs).secrets -}}
{{- $mounts = append $mounts (dict "name" (printf "ca-cert-%v" .name) "mountPath" (printf "/etc/ssl/certs/%v.crt" .name) "subPath" (toString .key) "readOnly" true) -}}
{{- end -}}
{{- concat $mounts (.Values.coder.volumeMounts | default list) | default list | toYaml -}}
{{- end -}}
