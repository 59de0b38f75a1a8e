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

// A flag of `coder server` stands for the variable of the same name; these two
// are the exceptions (coder/coder codersdk/deployment.go).
var flagVariables = map[string]string{"postgres-url": coder.PostgresURL, "postgres-auth": coder.PostgresAuth}

// switches are flags that take no value of their own. One that is not listed is
// known by the flag that follows it.
var switches = []string{"tls-enable", "derp-server-enable", "derp-force-websockets", "redirect-to-access-url", "verbose"}

// lists are the variables whose flags may be repeated.
var lists = []string{coder.TLSCertFile, coder.TLSKeyFile, coder.Experiments, coder.ProxyTrustedHeaders, coder.ProxyTrustedOrigins}

// arguments adds what the container's command line says: coderd lets a flag win
// over its variable. What a shell script or another program sets is unknown.
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
	given := map[string]bool{}
	for i := 0; i < len(words); i++ {
		flag, isFlag := strings.CutPrefix(words[i], "--")
		if !isFlag || flag == "" {
			continue
		}
		at := e.argumentOrigin(i)
		name, text, hasText := strings.Cut(flag, "=")
		if !hasText {
			text = "true"
			if !slices.Contains(switches, name) && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
				i++
				text = words[i]
			}
		}
		variable := variableOf(name)
		value := deployment.Value{State: deployment.Known, Origin: at}
		e.expandInto(&value, text, func(string) bool { return false })
		e.mark(&value, e.w.object, e.path("args")...)
		e.mark(&value, e.w.object, e.path("command")...)
		if before := e.replica.Variables[variable]; given[variable] && slices.Contains(lists, variable) && before.Set() && value.Set() {
			value.Text = before.Text + "," + value.Text
		}
		given[variable] = true
		e.replica.Variables[variable] = value
	}
	if config := e.replica.Variables[coder.ConfigPath]; config.Set() {
		e.replica.Opaque = append(e.replica.Opaque, deployment.Opaque{
			Prefix: "CODER_", What: "the file of CODER_CONFIG_PATH", Proof: "set it in the environment instead of the file",
		})
	}
}

// variableOf is the variable that a flag stands for.
func variableOf(flag string) string {
	if variable := flagVariables[flag]; variable != "" {
		return variable
	}
	return "CODER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
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
