package deployment

// Host is what verdicts rest on of a replica that systemd runs on a host without
// Kubernetes.
type Host struct {
	// EnvFiles are the environment files of its service, in order.
	EnvFiles []EnvFile `json:"envFiles,omitempty"`
	// Unit is the unit that runs coderd; nil where it is not in the input.
	Unit *Unit `json:"unit,omitempty"`
}

// EnvFile is an environment file of a host.
type EnvFile struct {
	Path string `json:"path"`
	// Faults are what is wrong with it.
	Faults []EnvFault `json:"faults,omitempty"`
}

// EnvFault is a thing that is wrong with an environment file, in sentences that
// hold no value.
type EnvFault struct {
	// Line is 0 where it is about the whole file.
	Line     int    `json:"line,omitempty"`
	Message  string `json:"message"`
	Observed string `json:"observed"`
	Expected string `json:"expected"`
	Remedy   string `json:"remedy"`
	// Depends says that it is wrong for some versions of systemd only.
	Depends bool `json:"depends,omitempty"`
}

// Unit is what the unit of a host says of how coderd runs.
type Unit struct {
	Origin Origin `json:"origin"`
	// Type, KillSignal and TimeoutStart are the settings of these names; Missing
	// where the unit does not have them.
	Type         UnitSetting `json:"type"`
	KillSignal   UnitSetting `json:"killSignal"`
	TimeoutStart UnitSetting `json:"timeoutStart"`
	TimeoutStop  UnitSetting `json:"timeoutStop"`
	// Partial says that only drop-ins are in the input, and not the unit itself.
	Partial bool `json:"partial,omitempty"`
}

// UnitSetting is a setting of a unit.
type UnitSetting struct {
	// Text is empty where the unit does not have it.
	Text   string `json:"text,omitempty"`
	Origin Origin `json:"origin"`
}

// OnHost says whether a replica runs on a host without Kubernetes.
func (d *Deployment) OnHost(r Replica) bool { return d.Workloads[r.Workload].Host != nil }

// OnHosts says whether the replicas run on hosts without Kubernetes.
func (d *Deployment) OnHosts() bool { return len(d.Replicas) > 0 && d.OnHost(d.Replicas[0]) }
