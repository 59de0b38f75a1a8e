package run

import (
	"context"
	"errors"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

// errProbe says that nothing can be asked that does not run yet.
var errProbe = errors.New("--probe asks hosts that run coderd: name them with --env-file, --env-dir or --from-table")

// askReplicas adds what the replicas answer to this machine.
func askReplicas(ctx context.Context, into *facts.Facts) {
	d := into.Deployment
	place, links := mesh.Probe(ctx, mesh.New(d))
	into.Places, into.Mesh = []facts.Place{place}, links
	for i, link := range links {
		if link.Relay != nil {
			takeChain(&d.Replicas[i], link.Relay.Chain)
		}
	}
}

// takeChain takes the certificates that a replica presented for the content of its
// certificate file, which coderd presents as it stands. Of several files it presents
// one, and which one is not known.
func takeChain(r *deployment.Replica, chain []byte) {
	if len(chain) > 0 && len(r.Certificates) == 1 && !r.Certificates[0].InInput {
		file := r.Certificates[0]
		r.Certificates[0] = deployment.NewCertificate(file.Path, file.What, chain)
	}
}
