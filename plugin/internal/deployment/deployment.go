// Package deployment is the model that every source is read into: the replicas
// of one Coder deployment, each with its resolved environment, and what stands
// around them. It is pure data.
package deployment

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// Deployment is one Coder deployment.
type Deployment struct {
	// Source names where it was read, for people: "chart coder 0.1.0".
	Source string
	// Refusal is the chart's own sentence, where it refuses to render.
	Refusal string
	// Lookups is what its templates asked the cluster; nil where there are none.
	Lookups *Lookups
	// Version is Coder's version, as the image tag or the user says.
	Version coder.Version
	// PodIPFamily is "IPv4" or "IPv6", empty where nothing tells.
	PodIPFamily string
	// Workloads run the replicas; there is at least one.
	Workloads []Workload
	// Replicas are all that the workloads run, in order.
	Replicas []Replica
	// Services are those that select replicas.
	Services []Service
	// Frontends bring users to the Services: Ingress, HTTPRoute, VirtualService.
	Frontends []Frontend
	// Policies are the NetworkPolicies that select replicas.
	Policies []Policy
	// Ignored are the ids of checks that annotations ask to leave out, with the
	// object that asks.
	Ignored map[string]string
	// DERPUpgrade says that an EnvoyFilter lets the "derp" upgrade through.
	DERPUpgrade bool
}

// Workload is the Kubernetes object that runs replicas.
type Workload struct {
	Kind      string
	Namespace string
	Name      string
	// Replicas is how many it may run: what it says, or what its autoscaler may
	// raise it to.
	Replicas int
	// Container is the index of coderd's container in the pod.
	Container int
	Pod       corev1.PodTemplateSpec
	// NamespaceLabels are those of the Namespace object; nil where it is not in
	// the input.
	NamespaceLabels map[string]string
	// Duplicates are environment names that the container has more than once.
	Duplicates []Duplicate
	Origin     Origin
}

// CoderContainer is coderd's container.
func (w Workload) CoderContainer() corev1.Container { return w.Pod.Spec.Containers[w.Container] }

// Duplicate is an environment name that a container lists more than once.
type Duplicate struct {
	Name string
	// Effective is the value that wins, Replaced the one before it, as text for
	// people, without secrets.
	Effective string
	Replaced  string
	Origin    Origin
}

// Origin says where a user can change a thing.
type Origin struct {
	Kind      string
	Namespace string
	Name      string
	Container string
	// Field is the path within the object.
	Field string
	// File is a path, or the name of a template; Line is 1-based, 0 if unknown.
	File string
	Line int
}

// Replica is one coderd.
type Replica struct {
	// Name is the pod's name where it is known, else the workload's name with
	// an index in brackets.
	Name string
	// Workload is the index of what runs it.
	Workload int
	// Labels are the pod's, with those that the StatefulSet adds.
	Labels map[string]string
	// Variables is the resolved environment; use Env to read it.
	Variables map[string]Value
	// Opaque are sources of variables that could not be read.
	Opaque []Opaque
	// Certificates are the PEM blocks behind CODER_TLS_CERT_FILE, in order; nil
	// where they are not in the input.
	Certificates []Certificate
}

// Opaque is a source of environment variables that is not in the input.
type Opaque struct {
	// Prefix is put before each of its names.
	Prefix string
	// What names it for people: `Secret coder/coder-env`.
	What string
	// Key is the Secret or ConfigMap without a key; nil where it is neither.
	Key *Key
	// Proof says how to make it known.
	Proof string
}

// Certificate is one certificate file of CODER_TLS_CERT_FILE.
type Certificate struct {
	Path string
	// PEM is the public certificate; empty if it is not in the input.
	PEM []byte
	// What names the object that should hold it.
	What string
}

// Service selects replicas.
type Service struct {
	corev1.Service
	// Selects are the indexes of the replicas that it selects.
	Selects []int
	// Hosts are the names and addresses under which it is reached.
	Hosts  []string
	Origin Origin
}

// Headless says that the name resolves to the pods themselves.
func (s Service) Headless() bool { return s.Spec.ClusterIP == corev1.ClusterIPNone }

// External says that the Service itself is reached from outside the cluster.
func (s Service) External() bool {
	return s.Spec.Type == corev1.ServiceTypeLoadBalancer || s.Spec.Type == corev1.ServiceTypeNodePort
}

// Frontend is a layer-7 entry that leads to a Service of the replicas.
type Frontend struct {
	Origin Origin
	Hosts  []string
	// Istio says that an Istio proxy serves it.
	Istio bool
}

// Policy is a NetworkPolicy that selects replicas.
type Policy struct {
	networkingv1.NetworkPolicy
	Origin Origin
}
