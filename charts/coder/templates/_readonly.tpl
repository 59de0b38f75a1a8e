{{/*
The folders to which Coder writes where the root file system is read-only, but for
those that the user mounts. Takes a list: root, the user's volumeMounts. As JSON.
*/}}
{{- define "coder-ha.writablePaths" -}}
{{- $taken := list -}}
{{- range index . 1 -}}
{{- $taken = append $taken (.mountPath | default "" | toString | trimSuffix "/") -}}
{{- end -}}
{{- $paths := list -}}
{{- $readOnly := (index . 0).Values.coder.readOnlyRoot | default dict -}}
{{- if $readOnly.enable -}}
{{- range $readOnly.writablePaths -}}
{{- if not (has (trimSuffix "/" .) $taken) -}}
{{- $paths = append $paths (trimSuffix "/" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $paths -}}
{{- end -}}

{{/* Name of the volume for a folder. */}}
{{- define "coder-ha.writableName" -}}
{{- printf "writable%s" (lower . | replace "/" "-" | replace "." "-" | replace "_" "-") | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "coder-ha.writableVolumes" -}}
{{- $volumes := list -}}
{{- $limit := ((index . 0).Values.coder.readOnlyRoot).sizeLimit -}}
{{- range include "coder-ha.writablePaths" . | fromJsonArray -}}
{{- $emptyDir := empty $limit | ternary dict (dict "sizeLimit" $limit) -}}
{{- $volumes = append $volumes (dict "name" (include "coder-ha.writableName" .) "emptyDir" $emptyDir) -}}
{{- end -}}
{{- toYaml $volumes -}}
{{- end -}}

{{- define "coder-ha.writableMounts" -}}
{{- $mounts := list -}}
{{- range include "coder-ha.writablePaths" . | fromJsonArray -}}
{{- $mounts = append $mounts (dict "name" (include "coder-ha.writableName" .) "mountPath" .) -}}
{{- end -}}
{{- toYaml $mounts -}}
{{- end -}}
