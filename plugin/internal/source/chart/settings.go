package chart

import (
	"github.com/spf13/pflag"
	"helm.sh/helm/v3/pkg/cli"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// Settings are Helm's own: the namespace, the cluster and the repositories, from
// the flags that every command of Helm takes and from the HELM_ variables that
// Helm hands to a plugin.
type Settings struct{ env *cli.EnvSettings }

// NewSettings reads the variables.
func NewSettings() *Settings { return &Settings{env: cli.New()} }

// AddFlags adds Helm's flags, which win over the variables.
func (s *Settings) AddFlags(flags *pflag.FlagSet) { s.env.AddFlags(flags) }

// Namespace is that of the release.
func (s *Settings) Namespace() string { return s.env.Namespace() }

// Cluster finds the cluster that they name.
func (s *Settings) Cluster() genericclioptions.RESTClientGetter { return s.env.RESTClientGetter() }

// SetNamespace replaces the namespace.
func (s *Settings) SetNamespace(namespace string) { s.env.SetNamespace(namespace) }
