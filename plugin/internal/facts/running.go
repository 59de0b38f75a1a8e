package facts

import "time"

// Running is what Kubernetes says of a deployment that runs. A list is nil where it
// could not be read, and then a Gap says why.
type Running struct {
	Release   Release          `json:"release"`
	Workloads []WorkloadStatus `json:"workloads"`
	Pods      []Pod            `json:"pods"`
	// Nodes are those that the pods are on.
	Nodes []Node `json:"nodes"`
	// Endpoints are behind each Service that selects the replicas.
	Endpoints []Endpoints    `json:"endpoints"`
	Budgets   []BudgetStatus `json:"budgets"`
	// Events are warnings about the pods, the newest first.
	Events []Event `json:"events"`
}

// Release is what Helm recorded of the release.
type Release struct {
	// Name is empty where Helm did not install the workload.
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace"`
	// Chart is its name and version: coder-0.1.0.
	Chart string `json:"chart,omitempty"`
	// Revision and Status are of the newest revision; 0 and empty where that could
	// not be read.
	Revision int    `json:"revision,omitempty"`
	Status   string `json:"status,omitempty"`
}

// WorkloadStatus is how far the controller of a workload is.
type WorkloadStatus struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Desired is how many pods there should be, Updated how many have the newest
	// form.
	Desired int `json:"desired"`
	Updated int `json:"updated"`
	// Settled says that the controller has seen the newest form, and that each pod
	// has it and is ready.
	Settled bool `json:"settled"`
}

// Pod is a pod of coderd.
type Pod struct {
	Name string `json:"name"`
	IP   string `json:"ip,omitempty"`
	// Node is empty where it is not scheduled.
	Node        string `json:"node,omitempty"`
	HostNetwork bool   `json:"hostNetwork,omitempty"`
	Phase       string `json:"phase"`
	// StatefulSet says that the controller makes no other pod as long as this one's
	// object is there.
	StatefulSet bool      `json:"statefulSet,omitempty"`
	Created     time.Time `json:"created"`
	// Started is when coderd's container was started last; zero where it does not
	// run.
	Started time.Time `json:"started,omitzero"`
	Ready   bool      `json:"ready"`
	// ReadySince is when it became ready or stopped to be; zero where it never was.
	ReadySince time.Time `json:"readySince,omitzero"`
	Restarts   int       `json:"restarts"`
	// Trouble is why it does not run, in the words of Kubernetes: CrashLoopBackOff,
	// Unschedulable. Message explains it.
	Trouble string `json:"trouble,omitempty"`
	Message string `json:"message,omitempty"`
	// LastEnd is how coderd ended before it was restarted: OOMKilled, Error.
	LastEnd string `json:"lastEnd,omitempty"`
	// Deadline is when the pod must have ended; zero where it was not told to go.
	Deadline time.Time `json:"deadline,omitzero"`
	// Image is that of coderd's container.
	Image string `json:"image"`
}

// Leaving says that the pod was told to go, and drains until it is gone.
func (p Pod) Leaving() bool { return !p.Deadline.IsZero() }

// Gone says that the pod has ended for good and leaves its object behind.
func (p Pod) Gone() bool { return p.Phase == "Succeeded" || p.Phase == "Failed" }

// Node is a node that a replica is on.
type Node struct {
	Name   string `json:"name"`
	Zone   string `json:"zone,omitempty"`
	Region string `json:"region,omitempty"`
	// Gone says that the object is not there, though a pod is on it.
	Gone bool `json:"gone,omitempty"`
	// Ready is what the kubelet or, where that is silent, the controller says.
	Ready bool `json:"ready"`
	// Cordoned says that no pod is scheduled there.
	Cordoned bool `json:"cordoned,omitempty"`
}

// Endpoints are the addresses behind a Service.
type Endpoints struct {
	Service  string `json:"service"`
	Headless bool   `json:"headless,omitempty"`
	// Ready and NotReady are the names of pods, or addresses without one.
	Ready    []string `json:"ready,omitempty"`
	NotReady []string `json:"notReady,omitempty"`
}

// BudgetStatus is what a disruption budget allows now.
type BudgetStatus struct {
	Name    string `json:"name"`
	Allowed int    `json:"allowed"`
	Healthy int    `json:"healthy"`
	Pods    int    `json:"pods"`
}

// Event is a warning about a pod.
type Event struct {
	Object  string    `json:"object"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Count   int       `json:"count"`
	Last    time.Time `json:"last"`
}

// PodNamed is the pod of that name; nil where there is none.
func (r *Running) PodNamed(name string) *Pod {
	for i := range r.Pods {
		if r.Pods[i].Name == name {
			return &r.Pods[i]
		}
	}
	return nil
}

// NodeOf is the node of a pod; nil where it is not known.
func (r *Running) NodeOf(p Pod) *Node {
	for i := range r.Nodes {
		if r.Nodes[i].Name == p.Node {
			return &r.Nodes[i]
		}
	}
	return nil
}

// Desired is how many pods there should be.
func (r *Running) Desired() int {
	n := 0
	for _, w := range r.Workloads {
		n += w.Desired
	}
	return n
}

// has says whether a list could be read.
func (r *Running) has(kind Kind) bool {
	if r == nil {
		return false
	}
	switch kind {
	case Pods:
		return r.Pods != nil
	case Nodes:
		return r.Nodes != nil
	case EndpointSlices:
		return r.Endpoints != nil
	case Events:
		return r.Events != nil
	default:
		return false
	}
}
