package kube

import (
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// A flag of `coder server` stands for the variable of the same name; these two
// are the exceptions (coder/coder codersdk/deployment.go).
var flagVariables = map[string]string{"postgres-url": "CODER_PG_CONNECTION_URL", "postgres-auth": "CODER_PG_AUTH"}

// switches are the flags that take no value of their own.
var switches = []string{"tls-enable", "derp-server-enable", "derp-force-websockets", "redirect-to-access-url"}

var (
	shells = []string{"sh", "bash", "ash", "dash"}
	// assignment finds variables that a shell script sets.
	assignment = regexp.MustCompile(`\b(CODER_[A-Z0-9_]+)=`)
	// sourcing finds scripts that read variables from elsewhere.
	sourcing = regexp.MustCompile(`(?m)(^|[;&|]|\s)(source|\.|eval|set -a)\s`)
)

// arguments adds what the container's command line says: coderd lets a flag win
// over its variable. A shell script is not run; what it sets is unknown.
func (e *environment) arguments() {
	words := slices.Concat(e.spec.Command, e.spec.Args)
	if len(e.spec.Command) > 0 && slices.Contains(shells, path.Base(e.spec.Command[0])) {
		e.script(strings.Join(words[1:], "\n"))
		return
	}
	for i := 0; i < len(words); i++ {
		flag, isFlag := strings.CutPrefix(words[i], "--")
		if !isFlag || flag == "" {
			continue
		}
		name, text, hasText := strings.Cut(flag, "=")
		if !hasText {
			text = "true"
			if !slices.Contains(switches, name) && i+1 < len(words) {
				i++
				text = words[i]
			}
		}
		variable := flagVariables[name]
		if variable == "" {
			variable = "CODER_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		}
		value := deployment.Value{State: deployment.Known, Origin: e.argumentOrigin(i)}
		e.expandInto(&value, text, func(string) bool { return false })
		e.replica.Variables[variable] = value
	}
	if config := e.replica.Variables["CODER_CONFIG_PATH"]; config.Set() {
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

func (e *environment) script(text string) {
	what := "the shell script of container " + e.spec.Name
	const proof = "set it in the container's env instead of a script"
	for _, m := range assignment.FindAllStringSubmatch(text, -1) {
		e.replica.Variables[m[1]] = deployment.Value{
			State: deployment.Unknown, Why: what + " sets " + m[1], Proof: proof, Origin: e.origin(e.path("args")),
		}
	}
	if sourcing.MatchString(text) {
		e.replica.Opaque = append(e.replica.Opaque, deployment.Opaque{What: what, Proof: proof})
	}
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
