package pgfacts

import "time"

// Facts are what one probe found out. They hold no secret, and nothing here is
// a verdict. In JSON, durations are nanoseconds, and their keys end in Ns.
type Facts struct {
	// Target says what was asked.
	Target Target `json:"target"`
	// Steps are the phases of connecting, in order, as far as they were reached.
	Steps []StepResult `json:"steps"`
	// FailedStep is the phase that failed, empty when a session was had.
	FailedStep Step `json:"failedStep,omitempty"`
	// ClusterName says that the host name could not be resolved here and is of
	// the kind that only a cluster knows.
	ClusterName bool `json:"clusterName,omitempty"`
	// Interrupted says that the caller ended the probe early.
	Interrupted bool `json:"interrupted,omitempty"`
	// Addresses are all that the host name has, each tried.
	Addresses []Address `json:"addresses,omitempty"`

	TLS      *TLS      `json:"tls,omitempty"`
	Server   *Server   `json:"server,omitempty"`
	Proxy    Proxy     `json:"proxy"`
	Latency  *Latency  `json:"latency,omitempty"`
	Clock    *Clock    `json:"clock,omitempty"`
	Role     *Role     `json:"role,omitempty"`
	Capacity *Capacity `json:"capacity,omitempty"`
	Timeouts []Timeout `json:"timeouts,omitempty"`
	PubSub   *PubSub   `json:"pubsub,omitempty"`
	Activity *Activity `json:"activity,omitempty"`
	Coder    *Coder    `json:"coder,omitempty"`

	// Gaps are the questions that had no answer.
	Gaps []Gap `json:"gaps,omitempty"`
	// RoundTrips counts how often the probe waited for the server on its first
	// connection and on its second one, which run side by side.
	RoundTrips [2]int `json:"roundTrips"`
	// Elapsed is the time of the whole probe.
	Elapsed time.Duration `json:"elapsedNs"`
}

// Target is the server that was asked.
type Target struct {
	// URL is without its secrets.
	URL string `json:"url"`
	// Origin says where the URL came from, for people.
	Origin   string `json:"origin,omitempty"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	User     string `json:"user"`
	Database string `json:"database"`
	SSLMode  string `json:"sslmode"`
	// Auth is CODER_PG_AUTH: password or awsiamrds.
	Auth string `json:"auth"`
	// InCluster says that the URL stands in Kubernetes objects.
	InCluster bool `json:"inCluster,omitempty"`
	// Local says that the host is this machine.
	Local bool `json:"local,omitempty"`
}

// Step is one phase of connecting.
type Step string

// The phases in their order.
const (
	DNS            Step = "DNS"
	TCP            Step = "TCP"
	TLSStep        Step = "TLS"
	Authentication Step = "authentication"
	Database       Step = "database"
	Permission     Step = "permission"
	// Query is everything after the session was had.
	Query Step = "query"
)

// The outcomes of a step.
const (
	StepOK      = "ok"
	StepFailed  = "failed"
	StepSkipped = "skipped"
)

// StepResult is how one phase went.
type StepResult struct {
	Step   Step          `json:"step"`
	Status string        `json:"status"`
	Took   time.Duration `json:"tookNs"`
	// Address is where the phase took place.
	Address string `json:"address,omitempty"`
	// Message is the server's or the system's own word on a failure, or why the
	// phase was skipped.
	Message string `json:"message,omitempty"`
	// SQLState is the server's code of the failure.
	SQLState string `json:"sqlstate,omitempty"`
	// TimedOut says that nothing answered.
	TimedOut bool `json:"timedOut,omitempty"`
}

// Address is one address of the host.
type Address struct {
	Address string        `json:"address"`
	Took    time.Duration `json:"tookNs"`
	// Error is empty where the address accepted a connection.
	Error string `json:"error,omitempty"`
}

// Gap is a question that had no answer.
type Gap struct {
	Question string `json:"question"`
	Message  string `json:"message"`
	SQLState string `json:"sqlstate,omitempty"`
}

// TLS is what was negotiated.
type TLS struct {
	Version string `json:"version"`
	Cipher  string `json:"cipher"`
	// Verified says that the certificate was checked as the sslmode asks, and
	// holds. Required says that the sslmode asks for it.
	Verified bool `json:"verified"`
	Required bool `json:"required"`
	// Unverified says why a check that the sslmode asks for was left out.
	Unverified string `json:"unverified,omitempty"`
	// ForeignRoots says that it was left out because it was asked with other roots
	// than those of coderd's image.
	ForeignRoots bool      `json:"foreignRoots,omitempty"`
	Subject      string    `json:"subject"`
	Issuer       string    `json:"issuer"`
	Names        []string  `json:"names"`
	NotAfter     time.Time `json:"notAfter"`
	// HostMatches says that the certificate covers the host of the URL.
	HostMatches bool `json:"hostMatches"`
}

// Server is what the server says of itself.
type Server struct {
	// VersionNum is server_version_num: 170010 for 17.10.
	VersionNum int `json:"versionNum"`
	// Version is server_version, Banner the whole of version().
	Version string `json:"version"`
	Banner  string `json:"banner"`
	// Flavor is the product or the service, Plain where nothing shows one.
	Flavor Flavor `json:"flavor"`
	// InRecovery says that it is a standby.
	InRecovery bool `json:"inRecovery"`
	// DefaultReadOnly is default_transaction_read_only of a new session.
	DefaultReadOnly bool `json:"defaultReadOnly"`
	// SystemIdentifier and DatabaseOID name the database wherever it is reached
	// from; the identifier is empty where the server does not tell it.
	SystemIdentifier string `json:"systemIdentifier,omitempty"`
	DatabaseOID      string `json:"databaseOid,omitempty"`
}

// Major is the major version: 17 for 170010, 9 for 90624.
func (s Server) Major() int { return s.VersionNum / 10000 }

// Proxy is what stands between the client and the server.
type Proxy struct {
	// Present says that the process behind the session is not the one that the
	// connection was told of.
	Present bool `json:"present,omitempty"`
	// Name is the pooler's, where it shows.
	Name string `json:"name,omitempty"`
	// Hint says what showed it.
	Hint string `json:"hint,omitempty"`
	// Refused are start-up parameters of coderd's driver that it refuses.
	Refused []string `json:"refused,omitempty"`
}

// Latency is the round trip on one open connection.
type Latency struct {
	Min    time.Duration `json:"minNs"`
	Median time.Duration `json:"medianNs"`
	P95    time.Duration `json:"p95Ns"`
	// Jitter is the mean difference between one round trip and the next.
	Jitter  time.Duration   `json:"jitterNs"`
	Samples []time.Duration `json:"samplesNs"`
}

// Clock compares the database's clock with this machine's.
type Clock struct {
	// Skew is positive where the database's clock is ahead.
	Skew time.Duration `json:"skewNs"`
	// Uncertainty is half of the round trip in which it was read.
	Uncertainty time.Duration `json:"uncertaintyNs"`
}

// Role is what the role may do.
type Role struct {
	Name      string `json:"name"`
	Superuser bool   `json:"superuser"`
	// Schema is current_schema(); it is nil where no schema of the search_path
	// exists.
	Schema     *string `json:"schema"`
	SearchPath string  `json:"searchPath"`
	// CanUse and CanCreate are the rights in Schema.
	CanUse    bool `json:"canUse"`
	CanCreate bool `json:"canCreate"`
	// OwnsTables says that the role may alter Coder's tables; it is nil where
	// there are none.
	OwnsTables *bool `json:"ownsTables,omitempty"`
	// TableOwner owns Coder's tables.
	TableOwner string `json:"tableOwner,omitempty"`
	// AdvisoryLocks says that one could be taken and was given back.
	AdvisoryLocks *bool `json:"advisoryLocks,omitempty"`
}

// Capacity is how many connections there are to have.
type Capacity struct {
	MaxConnections int `json:"maxConnections"`
	// Reserved are kept for superusers and, from version 16 on, for members of
	// pg_use_reserved_connections.
	Reserved int `json:"reserved"`
	// RoleLimit and DatabaseLimit are -1 where there is none.
	RoleLimit     int `json:"roleLimit"`
	DatabaseLimit int `json:"databaseLimit"`
	// Others are the connections to the whole server, but for those of this
	// role to this database: these are the probe's own and those of a Coder
	// that runs already.
	Others int `json:"others"`
	// RoleOthers are this role's to other databases, DatabaseOthers those of
	// other roles to this database.
	RoleOthers     int `json:"roleOthers"`
	DatabaseOthers int `json:"databaseOthers"`
	// Own are this role's to this database, without the probe's.
	Own int `json:"own"`
	// SecondRefused is the server's word where it refused the second connection
	// of the probe for want of a free one.
	SecondRefused string `json:"secondRefused,omitempty"`
}

// Timeout is a limit that the server sets for each session of the role.
type Timeout struct {
	Name  string        `json:"name"`
	Value time.Duration `json:"valueNs"`
	// Source says where it is set: "role", "database", "role in database",
	// "URL" or "server".
	Source string `json:"source"`
}

// PubSub is the trial of LISTEN and NOTIFY over two connections.
type PubSub struct {
	// Tried says that the trial was made to its end.
	Tried bool `json:"tried"`
	// Shared says that one process of the server served both connections, or
	// several processes one connection: that is how transactions are pooled.
	Shared bool `json:"shared"`
	// Listening says that LISTEN was still in force in a later transaction.
	Listening bool `json:"listening"`
	// Arrived says that a notification of the second connection arrived on the
	// first one, and Took how long after it was sent.
	Arrived bool          `json:"arrived"`
	Took    time.Duration `json:"tookNs"`
	// ListenError and NotifyError are why the trial could not be made.
	ListenError string `json:"listenError,omitempty"`
	NotifyError string `json:"notifyError,omitempty"`
}

// Activity is what goes on in the database.
type Activity struct {
	// MigrationLocks are those who hold Coder's migration lock or wait for it.
	MigrationLocks []Holder `json:"migrationLocks,omitempty"`
	// IdleInTransaction are sessions that keep a transaction open and do
	// nothing, the oldest first.
	IdleInTransaction []Holder `json:"idleInTransaction,omitempty"`
}

// Holder is a session of somebody else.
type Holder struct {
	PID         int    `json:"pid"`
	User        string `json:"user,omitempty"`
	Application string `json:"application,omitempty"`
	Client      string `json:"client,omitempty"`
	Granted     bool   `json:"granted"`
	// Age is that of its transaction; it is nil where the role may not see it.
	Age *time.Duration `json:"ageNs,omitempty"`
}
