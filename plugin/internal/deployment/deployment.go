// Package deployment is the model that every source is read into: the replicas
// of one Coder deployment, each with its resolved environment, and what stands
// around them. It is pure data.
package deployment

import "github.com/coder-ha/coder-ha/plugin/internal/coder"

// Deployment is one Coder deployment.
type Deployment struct {
	// Source names where it was read, for people: "chart coder 0.1.0".
	Source string `json:"source,omitempty"`
	// Refusal is the chart's own sentence, where it refuses to render.
	Refusal string `json:"refusal,omitempty"`
	// Lookups is what its templates asked the cluster; nil where there are none.
	Lookups *Lookups `json:"lookups,omitempty"`
	// Version is Coder's version, as the image tag or the user says.
	Version coder.Version `json:"version"`
	// PodIPFamily is that of status.podIP: "IPv4" or "IPv6", empty where the user does
	// not say. A Service of one family may stand in a cluster of two, so no manifest
	// tells.
	PodIPFamily string `json:"podIPFamily,omitempty"`
	// ServiceFamily is the one IP family of a Service that selects replicas: what the
	// pods have is likely the same.
	ServiceFamily string `json:"serviceFamily,omitempty"`
	// Workloads run the replicas; there is at least one.
	Workloads []Workload `json:"workloads"`
	// Replicas are all that the workloads run, in order.
	Replicas []Replica `json:"replicas"`
	// ServiceNames are all Services of the input.
	ServiceNames []ServiceName `json:"serviceNames,omitempty"`
	// Services are those that select replicas.
	Services []Service `json:"services,omitempty"`
	// Frontends bring users to the Services: Ingress, HTTPRoute, VirtualService.
	Frontends []Frontend `json:"frontends,omitempty"`
	// Policies are the NetworkPolicies that select replicas.
	Policies []Policy `json:"policies,omitempty"`
	// DisruptionBudgets are the PodDisruptionBudgets that select replicas.
	DisruptionBudgets []Budget `json:"disruptionBudgets,omitempty"`
	// Values is nil where no chart is rendered.
	Values *ChartValues `json:"values,omitempty"`
	// Ignored are the ids of checks that annotations ask to leave out, with the
	// object that asks.
	Ignored map[string]string `json:"ignored,omitempty"`
	// DERPFilters are the EnvoyFilters that let the "derp" upgrade through.
	DERPFilters []EnvoyFilter `json:"derpFilters,omitempty"`
}

// Workload runs replicas: an object of Kubernetes, or a host.
type Workload struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Replicas is how many it may run: what it says, or what its autoscaler may
	// raise it to.
	Replicas int `json:"replicas"`
	// ServiceName is the headless Service below which DNS has the names of the pods;
	// only a StatefulSet names one.
	ServiceName string `json:"serviceName,omitempty"`
	// Pod is nil where the replicas are no pods.
	Pod *Pod `json:"pod,omitempty"`
	// Update is how a Deployment replaces its pods; nil for other kinds.
	Update *Update `json:"update,omitempty"`
	// Autoscalers change how many replicas run.
	Autoscalers []Autoscaler `json:"autoscalers,omitempty"`
	// Host is nil where they are.
	Host *Host `json:"host,omitempty"`
	// NamespaceLabels are those of the Namespace object; nil where it is not in
	// the input.
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	// NamespaceAnnotations are those of the Namespace that service meshes read.
	NamespaceAnnotations map[string]string `json:"namespaceAnnotations,omitempty"`
	// Duplicates are environment names that the container has more than once.
	Duplicates []Duplicate `json:"duplicates,omitempty"`
	Origin     Origin      `json:"origin"`
}

// Duplicate is an environment name that a container lists more than once.
type Duplicate struct {
	Name string `json:"name"`
	// Effective is the value that wins, Replaced the one before it, as text for
	// people, without secrets.
	Effective string `json:"effective"`
	Replaced  string `json:"replaced"`
	Origin    Origin `json:"origin"`
}

// Origin says where a user can change a thing.
type Origin struct {
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	Container string `json:"container,omitempty"`
	// Field is the path within the object.
	Field string `json:"field,omitempty"`
	// File is a path, or the name of a template; Line is 1-based, 0 if unknown.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Replica is one coderd.
type Replica struct {
	// Name is the pod's name where it is known, else the workload's name with
	// an index in brackets.
	Name string `json:"name"`
	// Workload is the index of what runs it.
	Workload int `json:"workload"`
	// Labels are the pod's, with those that the StatefulSet adds.
	Labels map[string]string `json:"labels,omitempty"`
	// Variables is the resolved environment; use Env to read it.
	Variables map[string]Value `json:"variables,omitempty"`
	// Settings are those that must be the same on all replicas, as coderd reads
	// them: two that mean the same have the same text. It is nil where the source
	// makes all replicas alike.
	Settings map[string]Value `json:"settings,omitempty"`
	// Opaque are sources of variables that could not be read.
	Opaque []Opaque `json:"opaque,omitempty"`
	// Refusals are why coderd ends instead of serving; with none it starts, as far as
	// its settings tell.
	Refusals []Refusal `json:"refusals,omitempty"`
	// Database is the URL of CODER_PG_CONNECTION_URL without its secrets; nil where
	// none is known, and before Seal.
	Database *DatabaseURL `json:"database,omitempty"`
	// EncryptionKeys are what is known of CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS; nil
	// where it is not known or not set, and before Seal.
	EncryptionKeys *EncryptionKeys `json:"encryptionKeys,omitempty"`
	// Certificates are the PEM blocks behind CODER_TLS_CERT_FILE, in order; nil
	// where they are not in the input.
	Certificates []Certificate `json:"certificates,omitempty"`
}

// Refusal is something that coderd does not take, and ends.
type Refusal struct {
	// Variable is that of the setting; empty where it is not about one.
	Variable string `json:"variable,omitempty"`
	// Given names the place for people: "flag --tls-enable".
	Given string `json:"given"`
	// Reason completes the sentence "the value ..." or, without a variable, is a
	// sentence. It holds nothing of a value.
	Reason string `json:"reason"`
	// Doubt says why coderd may take it all the same; empty where it does not.
	Doubt  string `json:"doubt,omitempty"`
	Origin Origin `json:"origin"`
}

// Opaque is a source of environment variables that is not in the input.
type Opaque struct {
	// Prefix is put before each of its names.
	Prefix string `json:"prefix,omitempty"`
	// What names it for people: "Secret coder/coder-env".
	What string `json:"what"`
	// Key is the Secret or ConfigMap without a key; nil where it is neither.
	Key *Key `json:"key,omitempty"`
	// Proof says how to make it known.
	Proof string `json:"proof,omitempty"`
}

// Frontend is a layer-7 entry that leads to a Service of the replicas.
type Frontend struct {
	Origin Origin   `json:"origin"`
	Hosts  []string `json:"hosts,omitempty"`
	// Istio are the proxies of Istio that serve it, and could drop an upgrade; nil
	// where none does.
	Istio *Proxies `json:"istio,omitempty"`
}
