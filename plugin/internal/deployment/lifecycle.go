package deployment

import "time"

// ProbeKind is how a probe asks.
type ProbeKind string

// The kinds of probes.
const (
	ProbeHTTP    ProbeKind = "httpGet"
	ProbeTCP     ProbeKind = "tcpSocket"
	ProbeGRPC    ProbeKind = "grpc"
	ProbeCommand ProbeKind = "exec"
)

// Probe is a probe of a container, with the API server's defaults.
type Probe struct {
	Kind ProbeKind `json:"kind"`
	// Path is what an httpGet asks for.
	Path string `json:"path,omitempty"`
	// Port and PortName are where an httpGet asks, one of them, and Host is another
	// host than the pod.
	Port     int    `json:"port,omitempty"`
	PortName string `json:"portName,omitempty"`
	Host     string `json:"host,omitempty"`
	// HTTPS says that an httpGet asks over TLS.
	HTTPS  bool          `json:"https,omitempty"`
	Delay  time.Duration `json:"delay,omitempty"`
	Period time.Duration `json:"period"`
	// Failures is how many in a row it takes.
	Failures int    `json:"failures"`
	Origin   Origin `json:"origin"`
}

// Patience is how long after the start of the container the probe fails for good, if
// nothing ever answers.
func (p Probe) Patience() time.Duration { return p.Delay + time.Duration(p.Failures)*p.Period }

// Probes are those of a container; nil where it has none of a kind.
type Probes struct {
	Readiness *Probe `json:"readiness,omitempty"`
	Liveness  *Probe `json:"liveness,omitempty"`
	Startup   *Probe `json:"startup,omitempty"`
}

// PreStop is the hook that runs before the stop signal.
type PreStop struct {
	// Sleep is for how long it only waits.
	Sleep time.Duration `json:"sleep,omitempty"`
	// Opaque says that it does something whose time is not known.
	Opaque bool `json:"opaque,omitempty"`
}

// Resources are those that a container may use, or else those that it asks for; 0
// where it says neither.
type Resources struct {
	MilliCPU int64 `json:"milliCPU,omitempty"`
	Memory   int64 `json:"memory,omitempty"`
	// CPUField and MemoryField say what states them: "limits.cpu".
	CPUField    string `json:"cpuField,omitempty"`
	MemoryField string `json:"memoryField,omitempty"`
}

// Update is how a Deployment replaces its pods.
type Update struct {
	// Surges says that new pods start before old ones stop.
	Surges bool `json:"surges,omitempty"`
	// Shown is the strategy for people: "RollingUpdate with maxSurge 25%".
	Shown  string `json:"shown"`
	Origin Origin `json:"origin"`
}

// Autoscaler changes how many replicas a workload runs.
type Autoscaler struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Min and Max are between which numbers.
	Min    int    `json:"min"`
	Max    int    `json:"max"`
	Origin Origin `json:"origin"`
}
