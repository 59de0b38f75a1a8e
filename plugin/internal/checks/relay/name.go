package relay

import (
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// nameChecks judge whether peers can look up the host of a relay URL.
func nameChecks() []check.Check {
	return []check.Check{{
		ID: "relay-url-unresolvable", Area: area, Severity: check.Error, Needs: judgment.Described(facts.Services),
		Title:   "no relay URL uses a pod's name that DNS does not have",
		Why:     "DNS has names only for the pods of a StatefulSet, below its headless Service. Peers cannot find a replica by another form of its name, and Coder records that only in its replicas table.",
		Example: "CODER_DERP_SERVER_RELAY_URL=http://$(POD_NAME):8080",
		Remedy:  "Build the relay URL from the pod IP (status.podIP) with the downward API.",
		Judge:   judgment.ReadableRelays(judgeRelayName),
	}}
}

func judgeRelayName(j *judgment.Judgment, r judgment.Relay) {
	name := r.Deployment.PodName(r.Replica, r.Endpoint.Host)
	switch {
	case !name.Is:
		j.Good()
	case name.Problem != "":
		j.Find(check.Finding{
			Message: "peers cannot resolve the relay URL: " + name.Problem, Subject: judgment.Of(r.Deployment, r.Replica, r.Value),
			Observed: r.Value.String(), Expected: "an address, or a name that DNS has for each pod", Remedy: judgment.RelayRemedy(r.Deployment, r.Replica),
		})
	case name.Why != "":
		j.Unknown(coder.RelayURL, deployment.Value{Why: name.Why, Proof: name.Proof})
	default:
		j.Good()
	}
}
