package facts

import "slices"

// Kind names a kind of evidence.
type Kind string

// The kinds of evidence that a check can need.
const (
	// Replicas is a description of the replicas: a chart, manifests or hosts.
	Replicas Kind = "replicas"
	// DatabaseURL is the text of a connection URL, from the description of the
	// replicas or from the command itself.
	DatabaseURL Kind = "database-url"
	// Database is the answer of a Postgres server.
	Database Kind = "postgres"
	// Mesh is what the replicas answer over the network.
	Mesh Kind = "mesh"
	// Services, Routes, NetworkPolicies, DisruptionBudgets and Autoscalers are parts of
	// a description that is read from a cluster, where each has a right of its own.
	Services          Kind = "services"
	Routes            Kind = "routes"
	NetworkPolicies   Kind = "networkpolicies"
	DisruptionBudgets Kind = "poddisruptionbudgets"
	Autoscalers       Kind = "autoscalers"
	// Pods, Nodes, EndpointSlices and Events are what Kubernetes says of the replicas
	// that run.
	Pods           Kind = "pods"
	Nodes          Kind = "nodes"
	EndpointSlices Kind = "endpointslices"
	Events         Kind = "events"
	// API is what coderd of each pod answers over HTTP, and OwnerAPI what it answers
	// an owner of the deployment only.
	API      Kind = "coder-api"
	OwnerAPI Kind = "coder-api-owner"
)

// Gap says why a kind of evidence is missing.
type Gap struct {
	// Reason is a sentence without a full stop.
	Reason string `json:"reason"`
	// Proof says what would supply the evidence. It is empty where the run was
	// not meant to look for it, and then nothing is left open.
	Proof string `json:"proof,omitempty"`
	// Flag is the one that would look for it, where nobody asked for that; empty where
	// there is none.
	Flag string `json:"flag,omitempty"`
}

// Missing is the gap in a kind of evidence; ok is false where there is none.
func (f *Facts) Missing(kind Kind) (gap Gap, ok bool) {
	if f.has(kind) {
		return Gap{}, false
	}
	if gap, ok := f.Gaps[kind]; ok {
		return gap, true
	}
	if kind == Mesh && f.Deployment != nil && f.Deployment.OnHosts() {
		return Gap{Reason: "the hosts were not asked", Proof: "run it again with --probe, on one of the hosts if you can"}, true
	}
	return unsaid[kind], true
}

// Lacks records why a kind of evidence was not gathered.
func (f *Facts) Lacks(kind Kind, gap Gap) {
	if f.Gaps == nil {
		f.Gaps = map[Kind]Gap{}
	}
	f.Gaps[kind] = gap
}

func (f *Facts) has(kind Kind) bool {
	switch kind {
	case Replicas:
		return f.Deployment != nil
	case DatabaseURL:
		return f.Deployment != nil || len(f.Given) > 0
	case Database:
		return len(f.Postgres) > 0
	case Mesh:
		return len(f.Places) > 0
	case API:
		return len(f.CoderAPI) > 0
	case OwnerAPI:
		return slices.ContainsFunc(f.CoderAPI, func(a CoderAPI) bool { return a.Health != nil })
	case Services, Routes, NetworkPolicies, DisruptionBudgets, Autoscalers:
		_, unread := f.Gaps[kind]
		return f.Deployment != nil && !unread
	case Nodes:
		return f.Running.has(kind) || f.Placed()
	case Pods, EndpointSlices, Events:
		return f.Running.has(kind)
	default:
		return false
	}
}

// unsaid are the gaps of evidence that nobody tried to gather.
var unsaid = map[Kind]Gap{
	Replicas:    noReplicas,
	DatabaseURL: {Reason: "no database URL is known", Proof: "give it with --postgres-url-file"},
	Database:    {Reason: "no database was asked", Proof: "give its URL with --postgres-url-file"},
	// Pods do not run before the install, and others take their place only if that is
	// asked for.
	Mesh:     {Reason: "only replicas that run can be asked, or with --in-cluster pods in their place", Flag: "--in-cluster"},
	Services: noReplicas, Routes: noReplicas, NetworkPolicies: noReplicas, DisruptionBudgets: noReplicas, Autoscalers: noReplicas,
	// The same: helm coder-ha status looks at what runs.
	Pods: notRunning, Nodes: notRunning, EndpointSlices: notRunning, Events: notRunning,
	API: notRunning, OwnerAPI: notRunning,
}

var noReplicas = Gap{Reason: "no chart, manifests or hosts describe the replicas", Proof: "run helm coder-ha validate with the chart and its values"}

var notRunning = Gap{Reason: "it is about a deployment that runs, see helm coder-ha status"}
