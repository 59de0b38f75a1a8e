package run

import (
	"context"
	"os"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/coderapi"
)

// sessionToken is the variable from which Coder's own command line takes the token.
const sessionToken = "CODER_SESSION_TOKEN"

// askCoder prepares to ask coderd of each pod that runs. What it gives back asks, and
// hands over how to keep the answers; nothing of the facts is touched between.
func (r Request) askCoder(found *facts.Facts) func(context.Context) func() {
	lacks := func(gap facts.Gap) func(context.Context) func() {
		return func(context.Context) func() { return func() { found.Lacks(facts.API, gap) } }
	}
	if gap, missing := found.Missing(facts.Pods); missing {
		return lacks(gap)
	}
	config, err := r.Source.Cluster()
	if err != nil {
		return lacks(facts.Gap{Reason: err.Error(), Proof: "use another kubeconfig"})
	}
	opts := coderapi.Options{Config: config, Namespace: found.Running.Release.Namespace, Token: os.Getenv(sessionToken)}
	r.Source.Secrets.Add(opts.Token)
	where, known := listens(found.Deployment)
	if !known {
		return lacks(facts.Gap{Reason: "the port that coderd listens on is not known", Proof: "see the checks of listen addresses"})
	}
	for _, pod := range found.Running.Pods {
		if pod.Phase == "Running" && !pod.Leaving() {
			where.Name = pod.Name
			opts.Pods = append(opts.Pods, where)
		}
	}
	if len(opts.Pods) == 0 {
		return lacks(facts.Gap{Reason: "no pod of coderd runs", Proof: "fix what replicas-not-ready reports"})
	}
	return func(ctx context.Context) func() {
		answers, gap := coderapi.Probe(ctx, opts)
		return func() { keepAnswers(found, answers, gap, opts.Token != "") }
	}
}

func keepAnswers(found *facts.Facts, answers []facts.CoderAPI, gap *facts.Gap, token bool) {
	if gap != nil {
		found.Lacks(facts.API, *gap)
		return
	}
	found.CoderAPI = answers
	if !token {
		found.Lacks(facts.OwnerAPI, facts.Gap{
			Reason: "coderd tells its health to owners only", Proof: "set " + sessionToken + " in the environment of this command to the token of an owner",
		})
	}
}

// listens is where coderd listens, the same in each pod.
func listens(d *deployment.Deployment) (where coderapi.Pod, known bool) {
	r := d.Replicas[0]
	if e, err := deployment.ParseEndpoint(r.Env(coder.AccessURL).Text); err == nil {
		where.Host, _ = e.Host.Literal()
	}
	_, port, ok := deployment.SplitAddress(r.Address(coder.HTTPAddress).Text)
	if !ok {
		_, port, ok = deployment.SplitAddress(r.Address(coder.TLSAddress).Text)
		where.TLS = ok
	}
	where.Port = port
	return where, ok
}
