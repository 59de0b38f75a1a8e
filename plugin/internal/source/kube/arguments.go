package kube

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// arguments adds what the container's command line says: coderd lets a flag win
// over its variable, and adds it to one that is a list. What a shell script or another program sets is unknown.
func (e *environment) arguments() {
	words := slices.Concat(e.spec.Command, e.spec.Args)
	if len(e.spec.Command) > 0 {
		switch at := programAt(words); {
		case at == len(words):
		case slices.Contains(shells, path.Base(words[at])):
			e.script(words[at+1:])
			return
		case path.Base(words[at]) != "coder":
			e.opaque("the program " + words[at] + " that starts container " + e.spec.Name)
		}
	}
	for i := 0; i < len(words); i++ {
		at := e.argumentOrigin(i)
		option, isOption := coder.ParseOption(e.w.version, words[i])
		if !isOption {
			continue
		}
		text := option.Text
		switch {
		case !option.NeedsNext:
		case i+1 < len(words) && !strings.HasPrefix(words[i+1], "--"):
			i++
			text = words[i]
		default:
			text = "true"
		}
		value := deployment.Value{State: deployment.Known, Origin: at}
		e.expandInto(&value, text, func(string) bool { return false })
		e.mark(&value, e.w.object, e.path("args")...)
		e.mark(&value, e.w.object, e.path("command")...)
		if before := e.replica.Variables[option.Variable]; option.Adds && before.Set() && value.Set() {
			value.Text = before.Text + "," + value.Text
			value.FromSecret, value.Hidden = value.FromSecret || before.FromSecret, value.Hidden || before.Hidden
		}
		e.replica.Variables[option.Variable] = value
	}
	if config := e.replica.Variables[coder.ConfigPath]; config.Set() {
		e.replica.Opaque = append(e.replica.Opaque, deployment.Opaque{
			Prefix: "CODER_", What: "the file of CODER_CONFIG_PATH", Proof: "set it in the environment instead of the file",
		})
	}
}

// argumentOrigin is where the i-th word of command and args stands.
func (e *environment) argumentOrigin(i int) deployment.Origin {
	if n := len(e.spec.Command); i >= n {
		return e.origin(e.path("args", i-n))
	}
	return e.origin(e.path("command", i))
}

// describe shows an entry of env for people. Text of any other variable than
// those that hold addresses may be a secret.
func describe(entry corev1.EnvVar) string {
	from := entry.ValueFrom
	switch {
	case from == nil:
		_, err := netip.ParseAddr(entry.Value)
		if err == nil || strings.HasPrefix(entry.Name, "CODER_") && (strings.HasSuffix(entry.Name, "_URL") || strings.HasSuffix(entry.Name, "_ADDRESS") || strings.HasSuffix(entry.Name, "_HOST")) {
			return deployment.Text(entry.Value).String()
		}
		return "a text (not shown)"
	case from.FieldRef != nil:
		return from.FieldRef.FieldPath
	case from.SecretKeyRef != nil:
		return "key " + from.SecretKeyRef.Key + " of Secret " + from.SecretKeyRef.Name
	case from.ConfigMapKeyRef != nil:
		return "key " + from.ConfigMapKeyRef.Key + " of ConfigMap " + from.ConfigMapKeyRef.Name
	default:
		return "a resource of the container"
	}
}
