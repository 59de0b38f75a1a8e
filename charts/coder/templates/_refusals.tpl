{{/*
What cannot work is refused here, before anything is installed. Each message
names the value, says why, and says what to do.
*/}}
{{- define "coder-ha.refusals" -}}
{{- include "coder-ha.refuseUnknownKeys" . -}}
{{- include "coder-ha.refuseImage" . -}}
{{- include "coder-ha.refuseDatabase" . -}}
{{- include "coder-ha.refuseRelay" . -}}
{{- include "coder-ha.refuseAddresses" . -}}
{{- include "coder-ha.refuseHostNetwork" . -}}
{{- include "coder-ha.refuseWorkload" . -}}
{{- include "coder-ha.refuseEntrances" . -}}
{{- include "coder-ha.refuseMetrics" . -}}
{{- include "coder-ha.refuseProvisioners" . -}}
{{- include "coder-ha.refusePreflight" . -}}
{{- include "coder-ha.refusePatches" . -}}
{{- end -}}

{{- define "coder-ha.refuseImage" -}}
{{- if and (not (.Values.coder.image).digest) (not (include "coder-ha.imageTag" .)) -}}
{{- fail "You must specify the coder.image.tag value if you're installing the Helm chart directly from Git." -}}
{{- end -}}
{{- if (.Values.coder.tls).secretName -}}
{{- fail "coder.tls.secretName is deprecated, use coder.tls.secretNames instead." -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.refuseDatabase" -}}
{{- $replicas := include "coder-ha.replicas" . | int -}}
{{- if and (gt $replicas 1) (eq (include "coder-ha.databaseSource" .) "none") -}}
{{- fail (printf "coder.replicaCount is %d, but coder.env has no CODER_PG_CONNECTION_URL, so each replica would start a database of its own: set CODER_PG_CONNECTION_URL in coder.env, or in a Secret listed in coder.envFrom, to the one Postgres that all replicas share (postgres-url-missing)." $replicas) -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.refuseRelay" -}}
{{- $kind := include "coder-ha.workloadKind" . -}}
{{- if and (eq (include "coder-ha.relayHostFrom" .) "podName") (ne $kind "StatefulSet") -}}
{{- fail (printf "coder.relay.hostFrom is podName, but the pods of a %s have no stable names: set coder.relay.hostFrom=podIP, or coder.workloadKind=StatefulSet." $kind) -}}
{{- end -}}
{{- if ne (include "coder-ha.embeddedRelayOff" .) "true" -}}
{{- $relay := include "coder-ha.envPlain" (list . "CODER_DERP_SERVER_RELAY_URL") -}}
{{- $endpoint := include "coder-ha.urlEndpoint" $relay -}}
{{- if and $endpoint (eq $endpoint (include "coder-ha.urlEndpoint" (include "coder-ha.envPlain" (list . "CODER_ACCESS_URL")))) -}}
{{- fail "CODER_DERP_SERVER_RELAY_URL in coder.env is the access URL, where the load balancer answers instead of the one replica that is meant: remove CODER_DERP_SERVER_RELAY_URL from coder.env, and each replica advertises its own address (relay-url-equals-access-url)." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.refuseAddresses" -}}
{{- $host := include "coder-ha.listenHost" . | trimPrefix "[" | trimSuffix "]" -}}
{{- if or (has $host (list "localhost" "::1")) (hasPrefix "127." $host) -}}
{{- fail (printf "coder.listenAddress is %s, where neither the Service nor the other replicas can reach a replica: leave coder.listenAddress empty, or name an address of the pod." $host) -}}
{{- end -}}
{{- if and .Values.coder.singleStackIPv6 (not (contains ":" $host)) -}}
{{- fail (printf "coder.listenAddress is %s, but coder.singleStackIPv6 is true and the replicas are dialed over IPv6: leave coder.listenAddress empty, or name an IPv6 address." $host) -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.refuseHostNetwork" -}}
{{- if .Values.coder.hostNetwork -}}
{{- $apart := false -}}
{{- $rules := ((include "coder-ha.affinity" . | fromYaml).podAntiAffinity).requiredDuringSchedulingIgnoredDuringExecution -}}
{{- range $rules -}}
{{- $apart = or $apart (eq (.topologyKey | default "") "kubernetes.io/hostname") -}}
{{- end -}}
{{- if and (gt (include "coder-ha.replicas" . | int) 1) (not $apart) -}}
{{- fail "coder.hostNetwork gives each replica its node's ports 8080 and 6222, so no two may share a node, but coder.affinity does not require that: remove podAntiAffinity from coder.affinity, and the chart requires it, or add a podAntiAffinity rule under requiredDuringSchedulingIgnoredDuringExecution with topologyKey kubernetes.io/hostname (host-network-ports)." -}}
{{- end -}}
{{- if (.Values.coder.networkPolicy).enable -}}
{{- fail "coder.networkPolicy.enable has no effect on pods with coder.hostNetwork, which would look protected and not be: set one of the two to false." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.refuseWorkload" -}}
{{- $name := include "coder-ha.workloadName" . -}}
{{- if and (eq (include "coder-ha.workloadKind" .) "StatefulSet") (gt (len $name) 52) -}}
{{- fail (printf "The StatefulSet's name %s is longer than 52 characters, and Kubernetes could not label its pods: set a shorter nameOverride or fullnameOverride, or coder.workloadKind=Deployment." $name) -}}
{{- end -}}
{{- $grace := include "coder-ha.terminationGracePeriodSeconds" . | int -}}
{{- $delay := .Values.coder.drainDelaySeconds | default 0 | int -}}
{{- if and $delay (not (hasKey (.Values.coder.lifecycle | default dict) "preStop")) (ge $delay $grace) -}}
{{- fail (printf "coder.drainDelaySeconds is %d and coder.terminationGracePeriodSeconds is %d, so coderd would be killed before it hears the stop signal: make coder.terminationGracePeriodSeconds larger." $delay $grace) -}}
{{- end -}}
{{- end -}}

{{- define "coder-ha.refuseEntrances" -}}
{{- if not (.Values.coder.service).enable -}}
{{- range $entrance := list "ingress" "httproute" "listenerset" -}}
{{- if (get $.Values.coder $entrance | default dict).enable -}}
{{- fail (printf "coder.%s.enable is true, but coder.service.enable is false and there is no Service to send requests to: set coder.service.enable=true, or coder.%s.enable=false." $entrance $entrance) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $route := .Values.coder.httproute | default dict -}}
{{- $redirect := $route.httpsRedirect | default dict -}}
{{- if and $route.enable $redirect.enable (empty $redirect.parentRefs) -}}
{{- fail "coder.httproute.httpsRedirect.parentRefs is required when coder.httproute.httpsRedirect.enable=true" -}}
{{- end -}}
{{- with .Values.coder.listenerset -}}
{{- range $required := list "parentRef" "listeners" -}}
{{- if and $.Values.coder.listenerset.enable (empty (get $.Values.coder.listenerset $required)) -}}
{{- fail (printf "coder.listenerset.%s is required when coder.listenerset.enable=true" $required) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
