// Package facts is the evidence of one run: what was gathered, and for each kind
// of evidence that was not, a gap that says why and what would prove it.
//
// It holds no verdict, no threshold and no secret.
package facts

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// Facts is the evidence of one run.
type Facts struct {
	// Now is when the facts were gathered; checks have no clock of their own.
	Now time.Time `json:"gatheredAt"`
	// Deployment is nil where nothing describes the replicas.
	Deployment *deployment.Deployment `json:"deployment,omitempty"`
	// Given are the database URLs that the user gave to the command itself, in
	// order; there are none where that was left to the deployment.
	Given []GivenURL `json:"given,omitempty"`
	// Postgres are the answers of database servers, one for each endpoint and
	// position.
	Postgres []Postgres `json:"postgres,omitempty"`
	// Places are the positions that the replicas were asked from, and Mesh is what
	// each replica answered to each of them.
	Places []Place `json:"places,omitempty"`
	Mesh   []Link  `json:"mesh,omitempty"`
	// Running is what Kubernetes says of the deployment; nil where it was not asked.
	Running *Running `json:"running,omitempty"`
	// CoderAPI is what coderd of each pod answered.
	CoderAPI []CoderAPI `json:"coderAPI,omitempty"`
	// Trial is nil where no pods were put in the place of the replicas.
	Trial *Trial `json:"trial,omitempty"`
	// Gaps are the kinds of evidence that were looked for and not found.
	Gaps map[Kind]Gap `json:"gaps,omitempty"`
}

// GivenURL is a database URL from a flag, a file or the environment of the
// command. It may lead to the database another way than the replicas' own does.
type GivenURL struct {
	// Origin says where it came from, for people.
	Origin string `json:"origin"`
	pgurl.Summary
}

// Postgres is what one probe of a database server found out, and from where.
type Postgres struct {
	Position Position `json:"position"`
	*pgfacts.Facts
}

// Position is where something was seen from: the name of a replica, or empty for
// the machine that the command ran on.
type Position string

// ThisMachine is the position of the command itself.
const ThisMachine Position = ""

func (p Position) String() string {
	if p == ThisMachine {
		return "this machine"
	}
	return "replica " + string(p)
}
