package kube

import (
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// authProxyWorkload is the part of the Cloud SQL operator's object that says which
// pods get a proxy when they are made.
type authProxyWorkload struct {
	Spec struct {
		Workload struct {
			Kind     string                `json:"kind"`
			Name     string                `json:"name"`
			Selector *metav1.LabelSelector `json:"selector"`
		} `json:"workloadSelector"`
	} `json:"spec"`
}

// consul are the annotations by which Consul puts a proxy into a pod that listens on
// localhost for what the pod calls.
var consul = []string{"consul.hashicorp.com/connect-service-upstreams", "consul.hashicorp.com/connect-inject"}

// localProxies are what puts proxies into the pods of a workload when they are made.
// They may take connections to a database on localhost.
func (in *input) localProxies(o manifest.Object, owner podOwner) []string {
	var found []string
	// An object that does not decode selects nothing.
	_ = eachNear(in, "cloudsql.cloud.google.com", "AuthProxyWorkload", func(p manifest.Object, proxy authProxyWorkload) {
		w := proxy.Spec.Workload
		named := w.Name == "" || w.Name == o.Name
		selects := w.Selector == nil || selector(w.Selector).Matches(labelsOf(o))
		if p.Namespace == o.Namespace && (w.Kind == "" || w.Kind == o.Kind || w.Kind == "Pod") && named && selects {
			found = append(found, p.String())
		}
	})
	for _, key := range consul {
		if value := owner.Spec.Template.Annotations[key]; value != "" && value != "false" {
			found = append(found, "Consul, by annotation "+key+",")
			break
		}
	}
	return found
}

// labelsOf are the labels of an object itself.
func labelsOf(o manifest.Object) map[string]string {
	var meta struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	if o.Into(&meta) != nil {
		return nil
	}
	return meta.Metadata.Labels
}

// replaced matches texts that something else takes for a reference to a secret and
// replaces before coderd starts: Bank-Vaults' webhook, akv2k8s, and the Vault plugin
// of Argo CD.
var replaced = regexp.MustCompile(`^(>>)?(vault|bao):[^/]|\$\{(>>)?(vault|bao):[^}]*\}|^gcp:secretmanager:|^arn:aws:(secretsmanager|ssm):|^azure:keyvault:|@azurekeyvault(\?|$)|<path:[^>]+>`)

// secretReference is the value of a text that refers to a secret elsewhere; ok is
// false for any other text. What stands around the reference is known.
func secretReference(text string) (value deployment.Value, ok bool) {
	if !replaced.MatchString(text) {
		return value, false
	}
	value = deployment.Value{
		State: deployment.Unknown, Why: "it refers to a secret, which is put in its place before coderd starts",
		Proof: "set CODER_PG_CONNECTION_URL in the environment of this command, or look at the running container",
	}
	if around := replaced.ReplaceAllString(text, string(deployment.Symbol("unknown", "secret"))); strings.Contains(text, "://") && !strings.HasPrefix(text, "<path:") && strings.Contains(around, "://") {
		value.Partial = deployment.Text(around)
	}
	return value, true
}
