{{/*
Keys that the chart does not know, and what was probably meant. The schema cannot
refuse them in words that help, so it allows them, and the templates refuse them:
files/values.json says which keys the schema names.
*/}}
{{- define "coder-ha.refuseUnknownKeys" -}}
{{- $found := include "coder-ha.unknownKeys" (dict "value" .Values "known" .coderHA.known "path" "") | trim -}}
{{- if $found -}}
{{- $said := list -}}
{{- range splitList "\n" $found -}}
{{- $path := . -}}
{{- $near := include "coder-ha.nearestKey" (dict "path" $path "known" $.coderHA.known) -}}
{{- $said = append $said (empty $near | ternary $path (printf "%s (the nearest key is %s)" $path $near)) -}}
{{- end -}}
{{- $reused := .coderHA.foreign | ternary ", and keys of the chart that was installed before do not come along with --reset-then-reuse-values instead of --reuse-values" "" -}}
{{- fail (printf "The chart has no key %s: correct the name, or put keys of your own under coder.extra, where extraTemplates can read them%s." (join ", no key " $said) $reused) -}}
{{- end -}}
{{- end -}}

{{/* The paths of unknown keys, one on a line. Takes a dict: value, known, path. */}}
{{- define "coder-ha.unknownKeys" -}}
{{- range $key, $value := .value -}}
{{- $path := printf "%s%s" $.path $key -}}
{{- $known := get $.known.keys $key -}}
{{- if not (hasKey $.known.keys $key) -}}
{{- if not $.known.open }}
{{ $path }}
{{- end -}}
{{- else if and $known.keys (kindIs "map" $value) -}}
{{- include "coder-ha.unknownKeys" (dict "value" $value "known" $known "path" (printf "%s." $path)) -}}
{{- else if and $known.items (kindIs "slice" $value) -}}
{{- range $index, $item := $value -}}
{{- include "coder-ha.unknownKeys" (dict "value" $item "known" $known.items "path" (printf "%s[%d]." $path $index)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The known key that is nearest to an unknown path: one beside it that differs by one
letter; else those of that very name elsewhere, where they are few; else the most
similar one beside it. Empty when none is similar. Takes a dict: path, known.
*/}}
{{- define "coder-ha.nearestKey" -}}
{{- $parts := splitList "." .path -}}
{{- $name := last $parts -}}
{{- $parent := initial $parts | join "." -}}
{{- $beside := .known -}}
{{- range initial $parts -}}
{{- $beside = get $beside.keys (regexReplaceAll "\\[.*" . "") -}}
{{- $beside = $beside.items | default $beside -}}
{{- end -}}
{{- $same := list -}}
{{- range $path := splitList "\n" (include "coder-ha.allKeys" (dict "known" .known "path" "") | trim) -}}
{{- if eq (last (splitList "." $path) | lower) (lower $name) -}}
{{- $same = append $same $path -}}
{{- end -}}
{{- end -}}
{{- $best := "" -}}
{{- $least := div (add (len $name) 2) 3 | int -}}
{{- range $key, $_ := $beside.keys -}}
{{- $distance := include "coder-ha.distance" (list (lower $name) (lower $key)) | int -}}
{{- if and (ge (len $name) 5) (or (hasPrefix (lower (trunc 5 $name)) (lower $key)) (hasSuffix (lower $name) (lower $key)) (hasSuffix (lower $key) (lower $name))) -}}
{{- $distance = min $distance $least | int -}}
{{- end -}}
{{- if or (lt $distance $least) (and (eq $distance $least) (not $best)) -}}
{{- $least = $distance -}}
{{- $best = $key -}}
{{- end -}}
{{- end -}}
{{- if and $best (or (le $least 1) (empty $same) (gt (len $same) 3)) -}}
{{- list $parent $best | compact | join "." -}}
{{- else if and $same (le (len $same) 3) -}}
{{- join " or " $same -}}
{{- end -}}
{{- end -}}

{{/* Every known path, one on a line; none below a list. Takes a dict: known, path. */}}
{{- define "coder-ha.allKeys" -}}
{{- range $key, $known := .known.keys }}
{{ $.path }}{{ $key }}
{{- include "coder-ha.allKeys" (dict "known" $known "path" (printf "%s%s." $.path $key)) -}}
{{- end -}}
{{- end -}}

{{/*
How many letters have to be put in, left out or changed to make one word of
another (Levenshtein). Takes a list of two words.
*/}}
{{- define "coder-ha.distance" -}}
{{- $to := index . 1 -}}
{{- $row := list 0 -}}
{{- range $j := until (len $to) -}}
{{- $row = append $row (add1 $j) -}}
{{- end -}}
{{- range $i := until (len (index . 0)) -}}
{{- $letter := substr $i (int (add1 $i)) (index $ 0) -}}
{{- $next := list (add1 $i) -}}
{{- range $j := until (len $to) -}}
{{- $change := eq $letter (substr $j (int (add1 $j)) $to) | ternary 0 1 -}}
{{- $next = append $next (min (add (index $row $j) $change) (add1 (index $row (int (add1 $j)))) (add1 (last $next))) -}}
{{- end -}}
{{- $row = $next -}}
{{- end -}}
{{- last $row -}}
{{- end -}}

{{/*
Keys at the top that the chart knows elsewhere, such as replicaCount for
coder.replicaCount. They may be the user's own, so they are noted and not refused;
those that an extra template reads are.
*/}}
{{- define "coder-ha.misplacedKeys" -}}
{{- $templates := toJson .Values.extraTemplates -}}
{{- range $key, $_ := .Values -}}
{{- $read := contains (printf ".Values.%s" $key) $templates -}}
{{- if and (not $read) (not (hasKey $.coderHA.known.keys $key)) (hasKey $.coderHA.known.keys.coder.keys $key) }}
{{ $key }} at the top of the values has no effect: the chart reads coder.{{ $key }}.
{{- end -}}
{{- end -}}
{{- end -}}
