{{/* Volumes of the pod: TLS secrets, CA bundles, writable folders, then the user's. */}}
{{- define "coder-ha.volumeList" -}}
{{- $volumes := list -}}
{{- range (.Values.coder.tls).secretNames -}}
{{- $volumes = append $volumes (dict "name" (printf "tls-%v" .) "secret" (dict "secretName" (toString .))) -}}
{{- end -}}
{{- $certs := include "coder-ha.certVolumes" . | fromYamlArray -}}
{{- $writable := include "coder-ha.writableVolumes" (list . .Values.coder.volumeMounts) | fromYamlArray -}}
{{- concat $volumes $certs $writable (.Values.coder.volumes | default list) | default list | toYaml -}}
{{- end -}}

{{/* Mounts of the Coder container, in the order of the volumes. */}}
{{- define "coder-ha.volumeMountList" -}}
{{- $mounts := list -}}
{{- range (.Values.coder.tls).secretNames -}}
{{- $mounts = append $mounts (dict "name" (printf "tls-%v" .) "mountPath" (printf "/etc/ssl/certs/coder/%v" .) "readOnly" true) -}}
{{- end -}}
{{- $certs := include "coder-ha.certMounts" . | fromYamlArray -}}
{{- $writable := include "coder-ha.writableMounts" (list . .Values.coder.volumeMounts) | fromYamlArray -}}
{{- concat $mounts $certs $writable (.Values.coder.volumeMounts | default list) | default list | toYaml -}}
{{- end -}}

{{/* CA bundles: the replicas and the provisioners trust the same. */}}
{{- define "coder-ha.certVolumes" -}}
{{- $volumes := list -}}
{{- range (.Values.coder.certs).secrets -}}
{{- $volumes = append $volumes (dict "name" (printf "ca-cert-%v" .name) "secret" (dict "secretName" (toString .name))) -}}
{{- end -}}
{{- toYaml $volumes -}}
{{- end -}}

{{- define "coder-ha.certMounts" -}}
{{- $mounts := list -}}
{{- range (.Values.coder.certs).secrets -}}
{{- $mounts = append $mounts (dict "name" (printf "ca-cert-%v" .name) "mountPath" (printf "/etc/ssl/certs/%v.crt" .name) "subPath" (toString .key) "readOnly" true) -}}
{{- end -}}
{{- toYaml $mounts -}}
{{- end -}}
