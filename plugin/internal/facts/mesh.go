package facts

import (
	"slices"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// Place is a position that replicas were asked from, and what it sees beside them.
type Place struct {
	Position Position `json:"position"`
	// Node, Zone, Region and IP are those of the pod in the place of a replica; empty
	// where they are not known.
	Node   string `json:"node,omitempty"`
	Zone   string `json:"zone,omitempty"`
	Region string `json:"region,omitempty"`
	IP     string `json:"ip,omitempty"`
	// Access is the answer of the access URL; nil where it was not asked.
	Access *Answer `json:"access,omitempty"`
}

// Link is what one replica answers to a position, which may be its own.
type Link struct {
	From Position `json:"from"`
	// To is the name of the replica.
	To string `json:"to"`
	// Relay is the answer behind its relay URL, and Cluster that of its port for
	// pubsub; nil where that was not asked.
	Relay   *Answer `json:"relay,omitempty"`
	Cluster *Answer `json:"cluster,omitempty"`
}

// Answer is how an address answered.
type Answer struct {
	// Target is the address, a URL or HOST:PORT.
	Target string `json:"target"`
	// Failure is nil where it answered as it should.
	Failure *Failure `json:"failure,omitempty"`
	// Chain are the certificates that it presented, as PEM.
	Chain []byte `json:"chain,omitempty"`
	// Trust says whether the replica that asked trusts them; nil where that was not
	// tried.
	Trust *Trust `json:"trust,omitempty"`
	// Latency is of round trips on one open connection; nil where there are none.
	Latency *pgfacts.Latency `json:"latency,omitempty"`
}

// Trust is how a chain looks to a replica, which trusts what is in its own certificate
// files and nothing else.
type Trust struct {
	// Problem is a clause, empty where there is none.
	Problem string `json:"problem,omitempty"`
}

// Failure is why an answer is not what it should be.
type Failure struct {
	Cause Cause `json:"cause"`
	// Status is that of an HTTP answer, 0 without one.
	Status int `json:"status,omitempty"`
	// Message is a clause for people: "connection refused".
	Message string `json:"message"`
	// UnknownAuthority says that the certificate leads to none of the roots where it
	// was asked.
	UnknownAuthority bool `json:"unknownAuthority,omitempty"`
}

// Cause is a kind of failure.
type Cause string

// The causes, in the order in which a connection meets them.
const (
	// Unresolved is a name that DNS does not know, or a resolver that fails.
	Unresolved Cause = "dns"
	// Unreachable is a network without a way to the address.
	Unreachable Cause = "unreachable"
	// Timeout is no answer in time.
	Timeout Cause = "timeout"
	// Refused is a port on which nothing listens.
	Refused Cause = "refused"
	// TLS is a failed handshake.
	TLS Cause = "tls"
	// Protocol is an answer that is no HTTP, or none before the end.
	Protocol Cause = "protocol"
	// Status is an HTTP status other than the one that is needed.
	Status Cause = "status"
	// Upgrade is a relay that does not change to DERP.
	Upgrade Cause = "upgrade"
	// Stranger is an answer of somebody else than was asked.
	Stranger Cause = "stranger"
	// Interrupted is the end of the run before the answer.
	Interrupted Cause = "interrupted"
)

// Answers says whether something answered at the address: another position in the
// network would not have made this failure otherwise.
func (c Cause) Answers() bool {
	switch c {
	case Refused, TLS, Protocol, Status, Upgrade, Stranger:
		return true
	case Unresolved, Unreachable, Timeout, Interrupted:
		return false
	default:
		return false
	}
}

// NoConnection says whether no connection came about, as where a firewall is in the way.
func (c Cause) NoConnection() bool { return c == Timeout || c == Unreachable || c == Refused }

// Trial is how it went to put pods in the place of the replicas.
type Trial struct {
	// Running is how many ready pods of the workloads ran beside.
	Running int `json:"running"`
	// AgentImage says that the pods had the image of agents, and so its roots in the
	// place of those of coderd's image.
	AgentImage bool `json:"agentImage,omitempty"`
	// Absent are the replicas in whose place no pod could be asked.
	Absent []Absence `json:"absent,omitempty"`
	// Untried says of replicas why their own address, or their database, could not be
	// tried.
	Untried []Absence `json:"untried,omitempty"`
	// Unplaced says why the zones and regions of the nodes are not known.
	Unplaced string `json:"unplaced,omitempty"`
	// Policies are the NetworkPolicies in the cluster that select the pods. Where
	// PoliciesRead is false, they are not known, and PoliciesUnread says why.
	Policies       []deployment.Policy `json:"policies,omitempty"`
	PoliciesRead   bool                `json:"policiesRead,omitempty"`
	PoliciesUnread string              `json:"policiesUnread,omitempty"`
	// Foreign is how many requests of others the pods got, which they refused.
	Foreign int `json:"foreign,omitempty"`
	// Started is the time from the first request to the cluster until the pods ran, or
	// were not waited for any longer; Elapsed that until the last answer.
	Started time.Duration `json:"startedNs"`
	Elapsed time.Duration `json:"elapsedNs"`
	// Stages are what the pods did then, one after the other.
	Stages []Stage `json:"stages,omitempty"`
}

// Stage is a part of a trial.
type Stage struct {
	Name string        `json:"name"`
	Took time.Duration `json:"tookNs"`
}

// Placed says whether pods were put in the places of the replicas, and the zones and
// regions of their nodes are known.
func (f *Facts) Placed() bool { return f.Trial != nil && f.Trial.Unplaced == "" && len(f.Places) > 0 }

// Absence is what could not be tried of a replica.
type Absence struct {
	Replica string `json:"replica"`
	// What is empty for the whole replica, else RelayAddress, ClusterAddress or DatabaseThere.
	What string `json:"what,omitempty"`
	// Reason is a sentence without a full stop, and Proof what would help.
	Reason string `json:"reason"`
	Proof  string `json:"proof"`
}

// What of a replica can be tried. DatabaseThere is not an address of the replica: it is the
// database, asked from its place.
const (
	RelayAddress   = "relay"
	ClusterAddress = "cluster"
	DatabaseThere  = "database"
)

// Without is the first replica from whose place something was not tried, or not asked;
// nil where there is none.
func (t *Trial) Without(what string) *Absence {
	if t == nil {
		return nil
	}
	for _, a := range slices.Concat(t.Absent, t.Untried) {
		if a.What == "" || a.What == what {
			return &a
		}
	}
	return nil
}

// Why is why a replica, or an address of it, was not asked; nil where it was.
func (t *Trial) Why(replica, what string) *Absence {
	if t == nil {
		return nil
	}
	for _, all := range [][]Absence{t.Absent, t.Untried} {
		for _, a := range all {
			if a.Replica == replica && (a.What == "" || a.What == what) {
				return &a
			}
		}
	}
	return nil
}
