{{/* Where users reach Coder, as far as the manifest shows it. */}}
{{- define "coder-ha.noteAccess" -}}
{{- $url := include "coder-ha.envPlain" (list . "CODER_ACCESS_URL") -}}
{{- $service := .Values.coder.service | default dict -}}
{{- $namespace := .Release.Namespace -}}
{{- $name := include "coder-ha.serviceName" . -}}
{{- if include "coder-ha.envEntry" (list . "CODER_ACCESS_URL") -}}
Access URL: {{ $url | default "from the reference in coder.env, not shown here" }}
{{- else -}}
Access URL: not in coder.env. It must come from coder.envFrom, or Coder opens a public tunnel.
{{- end }}
{{- if eq $url (include "coder-ha.defaultAccessURL" .) }}
That is the in-cluster default. Workspaces and users outside the cluster need
CODER_ACCESS_URL in coder.env.
{{- if .Values.coder.envFrom }}
If coder.envFrom sets it, this entry wins until coder.envUseClusterAccessURL=false.
{{- end }}
{{- end }}
{{- if not $service.enable }}
{{- else if eq $service.type "LoadBalancer" }}
Address of the load balancer:
  kubectl get service {{ $name }} -n {{ $namespace }} -o jsonpath='{.status.loadBalancer.ingress[0]}'
{{- else if eq $service.type "NodePort" }}
Port on every node:
  kubectl get service {{ $name }} -n {{ $namespace }} -o jsonpath='{.spec.ports[0].nodePort}'
{{- else }}
From this machine, at http://localhost:8080:
  kubectl port-forward service/{{ $name }} 8080:80 -n {{ $namespace }}
{{- end }}
{{- end -}}

{{/* One sentence on the database. Never the URL itself. */}}
{{- define "coder-ha.noteDatabase" -}}
{{- $source := include "coder-ha.databaseSource" . -}}
{{- if eq $source "unneeded" -}}
none: a workspace proxy keeps nothing.
{{- else if eq $source "reference" -}}
CODER_PG_CONNECTION_URL, from the reference in coder.env.
{{- else if eq $source "value" -}}
CODER_PG_CONNECTION_URL, written in coder.env. A Secret keeps the password out of the release.
{{- else if eq $source "unknown" -}}
not known from the values. CODER_PG_CONNECTION_URL must come from coder.envFrom or the
  command; without it each replica starts a database of its own.
{{- else -}}
none: CODER_PG_CONNECTION_URL is not set, and the built-in database is lost with the pod.
{{- end -}}
{{- end -}}

{{/* What the user would not guess from the values: translations and limits. */}}
{{- define "coder-ha.noteRemarks" -}}
{{- $address := include "coder-ha.envPlain" (list . "CODER_HTTP_ADDRESS") -}}
{{- with include "coder-ha.strategyNote" . }}
{{ . }}
{{- end }}
{{- with include "coder-ha.misplacedKeys" . | trim }}
{{ . }}
{{- end }}
{{- with include "coder-ha.otherBudgets" . | fromJsonArray }}
The chart makes no PodDisruptionBudget, as {{ join ", " . }} selects the same pods, and
Kubernetes evicts no pod that has two.
{{- end }}
{{- if eq (include "coder-ha.runsAsRoot" .) "true" }}
Coder runs as root and keeps the container runtime's capabilities, without which root
could not write /home/coder. Say otherwise in coder.securityContext.capabilities.
{{- end }}
{{- if not (hasSuffix ":8080" $address) }}
CODER_HTTP_ADDRESS is changed in coder.env, but probes, Services and the relay URL use port 8080.
{{- end }}
{{- if eq (include "coder-ha.embeddedRelayOff" .) "true" }}
The embedded relay is off: Coder ignores the relay URL and uses the relays of
CODER_DERP_CONFIG_URL or CODER_DERP_CONFIG_PATH.
{{- end }}
{{- if and .Values.coder.hostNetwork (eq (include "coder-ha.workloadKind" .) "Deployment") }}
With coder.hostNetwork an update that surges needs one node more than there are replicas.
{{- end }}
{{- if (.Values.coder.networkPolicy).enable }}
The NetworkPolicy is only as good as the cluster's network plugin, which must enforce it.
{{- end }}
{{- if not (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") }}
{{- range $key, $kind := dict "podMonitor" "PodMonitor" "serviceMonitor" "ServiceMonitor" }}
{{- if (get $.Values.coder $key | default dict).enable }}
{{ $kind }} is not among the known APIs: the Prometheus operator must be in the cluster.
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.coder.goMemoryLimitPercent (not (include "coder-ha.goMemoryLimit" .)) }}
GOMEMLIMIT is not set: coder.resources has no memory limit to take a share of.
{{- end }}
{{- with .Values.patches }}
Objects of the chart are changed by patches ({{ len . }}), which the chart cannot look at:
helm coder-ha validate judges the result.
{{- end }}
{{- if and (.Values.provisionerDaemon).pools (ne (include "coder-ha.envPlain" (list . "CODER_PROVISIONER_DAEMONS")) "0") }}
The replicas take builds too, beside the pools of provisioners: set CODER_PROVISIONER_DAEMONS
to 0 in coder.env to leave all builds to the pools.
{{- end }}
{{- end -}}
