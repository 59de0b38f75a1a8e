package facts

import "time"

// CoderAPI is what coderd of one pod answers over HTTP. The parts that need a
// session token are nil without one.
type CoderAPI struct {
	Pod string `json:"pod"`
	// Healthz is the answer of /healthz.
	Healthz Answer `json:"healthz"`
	// Version is that of /api/v2/buildinfo; empty where it did not answer.
	Version      string `json:"version,omitempty"`
	DeploymentID string `json:"deploymentId,omitempty"`
	// Entitlements, Health and Licenses are nil where they were not answered.
	Entitlements *Entitlements `json:"entitlements,omitempty"`
	Health       *Health       `json:"health,omitempty"`
	Licenses     []License     `json:"licenses,omitempty"`
	LicensesRead bool          `json:"licensesRead,omitempty"`
	// Replicas are those that it counts as alive, itself included.
	Replicas []APIReplica `json:"replicas,omitempty"`
	// Unanswered are the requests that were answered otherwise, and how.
	Unanswered []Unanswered `json:"unanswered,omitempty"`
}

// Unanswered is a request without the answer that it asked for.
type Unanswered struct {
	Path    string `json:"path"`
	Status  int    `json:"status,omitempty"`
	Message string `json:"message"`
}

// UnansweredAt is how a request was refused; nil where it was not.
func (a CoderAPI) UnansweredAt(path string) *Unanswered {
	for i := range a.Unanswered {
		if a.Unanswered[i].Path == path {
			return &a.Unanswered[i]
		}
	}
	return nil
}

// The requests that need a right.
const (
	PathEntitlements = "/api/v2/entitlements"
	PathHealth       = "/api/v2/debug/health"
	PathLicenses     = "/api/v2/licenses"
	PathBuildInfo    = "/api/v2/buildinfo"
	PathReplicas     = "/api/v2/replicas"
)

// Entitlements are what the license of a deployment allows.
type Entitlements struct {
	HasLicense bool `json:"hasLicense"`
	Trial      bool `json:"trial,omitempty"`
	// HighAvailability is Coder's word for the feature: entitled, grace_period or
	// not_entitled; empty where it does not list the feature.
	HighAvailability string   `json:"highAvailability,omitempty"`
	Enabled          bool     `json:"enabled,omitempty"`
	Warnings         []string `json:"warnings,omitempty"`
	Errors           []string `json:"errors,omitempty"`
}

// The entitlements that Coder has (codersdk.Entitlement).
const (
	Entitled    = "entitled"
	GracePeriod = "grace_period"
	NotEntitled = "not_entitled"
)

// License is what is read of one license; never the license itself.
type License struct {
	ID int `json:"id"`
	// Expires is the end of its term, after which there may be a grace period.
	Expires time.Time `json:"expires"`
}

// APIReplica is a replica as coderd tells of it: less than its row holds.
type APIReplica struct {
	Hostname        string        `json:"hostname"`
	Created         time.Time     `json:"created"`
	RelayAddress    string        `json:"relayAddress"`
	RegionID        int           `json:"regionId"`
	Error           string        `json:"error,omitempty"`
	DatabaseLatency time.Duration `json:"databaseLatencyNs"`
}

// Health is what coderd of one pod says of its own health.
type Health struct {
	// Severity is ok, warning or error.
	Severity string          `json:"severity"`
	Sections []HealthSection `json:"sections"`
}

// HealthSection is one part of it.
type HealthSection struct {
	// Name is Coder's: access_url, database, derp and so on.
	Name      string `json:"name"`
	Severity  string `json:"severity"`
	Dismissed bool   `json:"dismissed,omitempty"`
	Error     string `json:"error,omitempty"`
	// Messages have a code, such as EACS03.
	Messages []HealthMessage `json:"messages,omitempty"`
}

// HealthMessage is a warning with its code.
type HealthMessage struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// APIOf is what coderd of a pod answered; nil where it was not asked.
func (f *Facts) APIOf(pod string) *CoderAPI {
	for i := range f.CoderAPI {
		if f.CoderAPI[i].Pod == pod {
			return &f.CoderAPI[i]
		}
	}
	return nil
}
