package facts

import "github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"

// Place is a position that replicas were asked from, and what it sees beside them.
type Place struct {
	Position Position `json:"position"`
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
	// Latency is of round trips on one open connection; nil where there are none.
	Latency *pgfacts.Latency `json:"latency,omitempty"`
}

// Failure is why an answer is not what it should be.
type Failure struct {
	Cause Cause `json:"cause"`
	// Status is that of an HTTP answer, 0 without one.
	Status int `json:"status,omitempty"`
	// Message is a clause for people: "connection refused".
	Message string `json:"message"`
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
	// Interrupted is the end of the run before the answer.
	Interrupted Cause = "interrupted"
)

// Answers says whether something answered at the address: another position in the
// network would not have made this failure otherwise.
func (c Cause) Answers() bool {
	switch c {
	case Refused, TLS, Protocol, Status, Upgrade:
		return true
	case Unresolved, Unreachable, Timeout, Interrupted:
		return false
	default:
		return false
	}
}
