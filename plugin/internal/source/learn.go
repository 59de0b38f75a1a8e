package source

import (
	"encoding/base64"
	"regexp"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
	"github.com/coder-ha/coder-ha/plugin/internal/source/resolve"
)

// learnObjects makes known what stands in Secrets, as far as that is secret.
func learnObjects(known *secrets.Known, objects []manifest.Object) {
	for _, o := range objects {
		if o.Kind != "Secret" || o.Group() != "" {
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			node := o.Node(field)
			if node == nil {
				continue
			}
			for i := 0; i+1 < len(node.Content); i += 2 {
				text := node.Content[i+1].Value
				if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && field == "data" {
					text = string(decoded)
				}
				learnSecret(known, node.Content[i].Value, text)
			}
		}
	}
}

// openKey is the key of a Secret whose value is no secret: where a server is, and
// who comes to it.
var openKey = regexp.MustCompile(`(?i)(host|hostname|server|address|port|user|username|login|db|dbname|database|name|sslmode|schema|region|type|ca\.crt|tls\.crt|namespace)$`)

// learnSecret makes the value of a Secret known. Values are as different as
// Secrets: of a URL only a part is secret, and of an address nothing.
func learnSecret(known *secrets.Known, name, text string) {
	known.AddSetting(name, text)
	if !openKey.MatchString(name) {
		known.AddSetting(name+"_secret", text)
	}
}

// learnModel makes known what the variables of the replicas hold.
func learnModel(known *secrets.Known, d *deployment.Deployment) {
	for _, r := range d.Replicas {
		for name, v := range r.Variables {
			for _, left := range v.Unexpanded {
				// The name of a variable, also where coderd takes it for a password.
				known.Open("$(" + left.Name + ")")
			}
			text, literal := v.Text.Literal()
			switch {
			case !literal || text == "":
			case name == coder.PostgresURL:
				resolve.URL{Text: text}.Learn(known)
			case v.FromSecret:
				learnSecret(known, name, text)
			default:
				known.AddSetting(name, text)
			}
		}
	}
}
