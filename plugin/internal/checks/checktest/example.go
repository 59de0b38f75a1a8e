package checktest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// Sections of an example, by their first lines.
const (
	containerSection = "container coder"
	podSection       = "pod"
	workloadSection  = "StatefulSet coder"
	objectsSection   = "manifest.yaml"
	factsSection     = "facts.json"
	unitSection      = "coder.service"
	allHostsSection  = "coder.env"
	// ValuesSection is a file of values of the chart.
	ValuesSection = "values.yaml"
)

// Side is one of the two states that an example shows: all its lines but those of the
// other side.
type Side []Section

// Section is a part of a state: a line that says where it belongs, and what stands
// there.
type Section struct{ Place, Text string }

// Sides reads the two states of an example: the one that is wrong, and the one that is
// right.
func Sides(t *testing.T, example string) (wrong, right Side) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSuffix(example, "\n")) {
		sign, rest := line[:1], strings.TrimSuffix(line[1:], "\n")
		require.Contains(t, " +-", sign, line)
		if sign != "+" {
			wrong = wrong.with(rest)
		}
		if sign != "-" {
			right = right.with(rest)
		}
	}
	require.NotEqual(t, wrong, right)
	return wrong, right
}

func (s Side) with(line string) Side {
	if place, ok := strings.CutPrefix(line, "# "); ok {
		return append(s, Section{Place: place})
	}
	s[len(s)-1].Text += line + "\n"
	return s
}

// In is the text of a section.
func (s Side) In(place string) (text string, ok bool) {
	for _, section := range s {
		if section.Place == place {
			return section.Text, true
		}
	}
	return "", false
}

// Into changes a right world: what an example says anything about is as this side
// of it says, and all else is right.
func (s Side) Into(t *testing.T, w *World, other Side) {
	t.Helper()
	host := 0
	for i, section := range s {
		against := other[i].Text
		switch section.Place {
		case containerSection:
			w.rewrite(t, workloadOf(), inPod("containers", section.Text, "name: coder"), inPod("containers", against, "name: coder"))
		case podSection:
			w.rewrite(t, workloadOf(), inPod("", section.Text, ""), inPod("", against, ""))
		case workloadSection:
			w.rewrite(t, workloadOf(), section.Text, against)
		case objectsSection:
			w.rewriteObjects(t, section.Text, against)
		case factsSection:
			w.rewriteFacts(t, section.Text, against)
		case unitSection:
			h := w.hosts()
			h.Unit = rewriteLines(h.Unit, section.Text, against)
		case allHostsSection:
			for _, name := range w.hosts().Names {
				w.Hosts.Env[name] = rewriteLines(w.Hosts.Env[name], section.Text, against)
			}
		case ValuesSection:
			require.Len(t, s, 1, "values are the only section")
		default:
			if of, ok := strings.CutPrefix(section.Place, certificateSection); ok {
				w.certify(t, of, section.Text)
				continue
			}
			if w.flag(section.Place) {
				continue
			}
			name, ok := strings.CutSuffix(section.Place, ".env")
			require.True(t, ok, "no example has a section %q", section.Place)
			h := w.hosts()
			at := slices.Index(h.Names, name)
			if at < 0 {
				at = host
			}
			h.Env[name] = rewriteLines(h.Env[h.Names[at]], section.Text, against)
			h.Names[at] = name
			host++
		}
	}
}

// flag takes a flag of the command.
func (w *World) flag(line string) bool {
	name, value, _ := strings.Cut(line, " ")
	if name != "--pod-ip-family" {
		return false
	}
	w.Options.PodIPFamily = map[string]string{"ipv4": "IPv4", "ipv6": "IPv6"}[value]
	return true
}

func (w *World) hosts() *HostFiles {
	if w.Hosts == nil {
		OnHosts(nil)(w)
	}
	return w.Hosts
}

var settingName = regexp.MustCompile(`^(?:export )?(\w+) *=`)

// rewriteLines writes the settings of a file of lines anew, those that a change names.
func rewriteLines(text, change, against string) string {
	named := []string{}
	for line := range strings.Lines(change + against) {
		if m := settingName.FindStringSubmatch(line); m != nil {
			named = append(named, m[1])
		}
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		if m := settingName.FindStringSubmatch(line); m == nil || !slices.Contains(named, m[1]) {
			out.WriteString(line)
		}
	}
	for line := range strings.Lines(change) {
		if !strings.HasPrefix(line, "[") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// tree reads a part of an example.
func tree(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &out), "%s", text)
	return out
}

// rewrite changes an object of the input.
func (w *World) rewrite(t *testing.T, is func(map[string]any) bool, change, against string) {
	t.Helper()
	w.rewrites = append(w.rewrites, func(objects []map[string]any) []map[string]any {
		for i := range objects {
			if is(objects[i]) {
				objects[i] = rewritten(t, objects[i], change, against)
				return objects
			}
		}
		return append(objects, tree(t, change))
	})
}

func rewritten(t *testing.T, base map[string]any, change, against string) map[string]any {
	t.Helper()
	left := without(without(base, tree(t, change)), tree(t, against))
	return merged(left, tree(t, change)).(map[string]any)
}

func workloadOf() func(map[string]any) bool {
	return func(object map[string]any) bool { return object["kind"] == "StatefulSet" }
}

// inPod puts a part of a pod into the workload around it.
func inPod(list, text, name string) string {
	var out strings.Builder
	out.WriteString("spec:\n  template:\n    spec:\n")
	indent := "      "
	if list != "" {
		out.WriteString(indent + list + ":\n" + indent + "- " + name + "\n")
		indent += "  "
	}
	for line := range strings.Lines(text) {
		out.WriteString(indent + line)
	}
	return out.String()
}

// rewriteObjects changes objects of the input, or adds them, each by its kind and name.
func (w *World) rewriteObjects(t *testing.T, change, against string) {
	t.Helper()
	documents := func(text string) []string { return strings.Split(text, "---\n") }
	name := func(object map[string]any) string {
		meta, _ := object["metadata"].(map[string]any)
		kind, _ := object["kind"].(string)
		called, _ := meta["name"].(string)
		return kind + "/" + called
	}
	for i, document := range documents(change) {
		called := name(tree(t, document))
		w.rewrite(t, func(object map[string]any) bool { return name(object) == called }, document, documents(against)[i])
	}
}

// migrated is the newest migration that is known.
const migrated = 556

// rewriteFacts changes what a run found out, in the file that it saves.
func (w *World) rewriteFacts(t *testing.T, change, against string) {
	t.Helper()
	text := change + against
	if strings.Contains(text, "running:") || strings.Contains(text, "coderAPI:") || strings.Contains(text, "replicas") {
		Runs(nil)(w)
		w.Database().Coder.Migration.Version = migrated
	}
	if strings.Contains(text, "mesh:") || strings.Contains(text, "places:") {
		Rehearsed(nil)(w)
	}
	w.Then = append(w.Then, func(c *check.Case) {
		var saved bytes.Buffer
		require.NoError(t, facts.Encode(&saved, c.Facts))
		var file map[string]any
		require.NoError(t, json.Unmarshal(saved.Bytes(), &file))
		file["facts"] = rewritten(t, file["facts"].(map[string]any), change, against)
		again, err := json.Marshal(file)
		require.NoError(t, err)
		back, err := facts.Decode(bytes.NewReader(again))
		require.NoError(t, err)
		*c.Facts = *back
	})
}
