// Package agent is the program that stands in the place of a replica: it serves what
// a replica serves to its peers, asks what a replica asks, and answers with facts. It
// runs in a pod and talks to the plugin over its standard streams, or over a connection
// that the plugin opens: a request is a line of JSON, and so is the reply.
package agent

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

// Request is one thing to do; one field is set.
type Request struct {
	Begin    *Begin    `json:"begin,omitempty"`
	Reach    *Reach    `json:"reach,omitempty"`
	Measure  *Measure  `json:"measure,omitempty"`
	Access   *Access   `json:"access,omitempty"`
	Database *Database `json:"database,omitempty"`
	End      *End      `json:"end,omitempty"`
}

// Begin says who the agent is and where it listens.
type Begin struct {
	Run       string     `json:"run"`
	Identity  string     `json:"identity"`
	Listeners []Listener `json:"listeners"`
	// ClusterHost is where to listen for pubsub, on ClusterPort; empty for not at all.
	ClusterHost string `json:"clusterHost,omitempty"`
	ClusterPort int    `json:"clusterPort,omitempty"`
}

// Listener is a listen address of coderd.
type Listener struct {
	// Address is HOST:PORT.
	Address string `json:"address"`
	// Certs and Keys are paths in the pod, pairs; without any it is plain HTTP.
	Certs []string `json:"certs,omitempty"`
	Keys  []string `json:"keys,omitempty"`
}

// Reach says whom to ask once.
type Reach struct {
	Peers      []mesh.Peer `json:"peers"`
	ServerName string      `json:"serverName,omitempty"`
}

// Measure says whom to measure, one in each slot; a slot without a relay is a pause.
// All agents have their slots at the same time, so that none is measured by two.
type Measure struct {
	Peers      []mesh.Peer   `json:"peers"`
	ServerName string        `json:"serverName,omitempty"`
	Slot       time.Duration `json:"slotNs"`
}

// Access says which access URL to ask.
type Access struct {
	URL string `json:"url"`
}

// Database says how to ask the database of the pod's own environment.
type Database struct {
	Variable       string        `json:"variable"`
	Origin         string        `json:"origin"`
	Auth           string        `json:"auth,omitempty"`
	ConnectTimeout time.Duration `json:"connectTimeoutNs"`
	// Key is that of the digests in the answer.
	Key digest.Key `json:"key"`
}

// End asks for what others sent meanwhile.
type End struct{}

// Reply answers a request. It holds no secret.
type Reply struct {
	// Problem is why the request could not be done, a clause.
	Problem string `json:"problem,omitempty"`
	// Listening says of each listener that failed why; the key is its address.
	Listening map[string]string  `json:"listening,omitempty"`
	Links     []facts.Link       `json:"links,omitempty"`
	Latencies []*pgfacts.Latency `json:"latencies,omitempty"`
	Access    *facts.Answer      `json:"access,omitempty"`
	Database  *pgfacts.Facts     `json:"database,omitempty"`
	URL       *pgurl.Summary     `json:"url,omitempty"`
	// Digest is that of the URL.
	Digest string `json:"digest,omitempty"`
	// Foreign is how many requests came from others than agents of the run.
	Foreign int `json:"foreign,omitempty"`
}
