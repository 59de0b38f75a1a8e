{{- define "mirror.all" -}}
{{- dict
  "values" .Values
  "release" .Release
  "chart" (dict "name" .Chart.Name "version" .Chart.Version "appVersion" .Chart.AppVersion)
  "template" .Template
  "kube" .Capabilities.KubeVersion
  "helm" .Capabilities.HelmVersion.Version
  "apis" (.Capabilities.APIVersions | sortAlpha)
  "file" (.Files.Get "files/file.txt")
  "subcharts" (keys .Subcharts | sortAlpha)
  "lookup" (lookup "v1" "Secret" .Release.Namespace "none")
  "dns" (getHostByName "localhost")
  "tpl" (tpl "{{ .Values.text | upper }}" .)
| toJson -}}
{{- end -}}
