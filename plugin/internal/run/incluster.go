package run

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/rehearse"
	"github.com/coder-ha/coder-ha/plugin/internal/source"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kubeconfig"
)

// InCluster says whether and how to ask from the places of the replicas.
type InCluster struct {
	On bool
	// AgentImage is that of the pods; empty for coderd's own.
	AgentImage string
	// Keep leaves the pods where they are.
	Keep bool
	// later says that other looks come first, without pods.
	later bool
}

// InClusterTimeout bounds a run that starts pods: nodes may have to pull images.
const InClusterTimeout = 5 * time.Minute

var (
	errInClusterHosts  = errors.New("--in-cluster starts pods: it needs a chart or manifests, not hosts")
	errInClusterNeeds  = errors.New("--in-cluster needs what describes the pods: name the chart, its values or --manifest")
	errInClusterWatch  = errors.New("--in-cluster starts a pod for each look: leave it or --watch out")
	errInClusterOption = errors.New("--agent-image and --keep are about the pods of --in-cluster: add it")
)

// check says what cannot be asked for together.
func (c InCluster) check(r Request) error {
	switch {
	case !c.On && (c.AgentImage != "" || c.Keep):
		return errInClusterOption
	case !c.On:
		return nil
	case r.Source.Hosts.Named():
		return errInClusterHosts
	case r.Repeat.Watch:
		return errInClusterWatch
	case r.DatabaseOnly && !r.Source.Named():
		return errInClusterNeeds
	}
	return nil
}

// rehearse asks from pods in the place of the replicas.
func (r Request) rehearse(ctx context.Context, described *source.Description, key digest.Key, into *facts.Facts, progress *progress) {
	guard.Doing("asking from the places of the replicas")
	result, gap := r.runPods(ctx, described, key, progress, workloads(described))
	if gap != nil {
		into.Lacks(facts.Mesh, *gap)
		if len(into.Postgres) == 0 {
			into.Lacks(facts.Database, *gap)
		}
		return
	}
	into.Places, into.Mesh, into.Trial = result.Places, result.Links, &result.Trial
	for _, p := range result.Policies {
		into.Trial.Policies = append(into.Trial.Policies, kube.Policies(into.Deployment, p, deployment.Origin{Kind: "NetworkPolicy", Namespace: p.Namespace, Name: p.Name})...)
	}
	into.Postgres = append(into.Postgres, result.Postgres...)
	if result.Trial.Unplaced != "" {
		into.Lacks(facts.Nodes, facts.Gap{Reason: result.Trial.Unplaced, Proof: "grant that right, see docs/rbac-nodes.yaml"})
	}
	if d := into.Deployment; d.PodIPFamily == "" && len(result.Places) > 0 {
		d.PodIPFamily = familyOf(result.Places[0].IP)
	}
	if len(result.Places) == 0 {
		gap := facts.Gap{Reason: result.NoDatabase, Proof: "let the pods run, and run it again"}
		into.Lacks(facts.Mesh, gap)
	}
	if result.NoDatabase != "" && len(into.Postgres) == 0 && len(result.Places) == 0 {
		into.Lacks(facts.Database, facts.Gap{Reason: result.NoDatabase, Proof: "let the pods run, and run it again"})
	} else if result.NoDatabase != "" && len(into.Postgres) == 0 {
		into.Lacks(facts.Database, facts.Gap{Reason: "no pod in the place of a replica asked the database: " + result.NoDatabase, Proof: "let the pods have the database URL, and run it again"})
	}
	for i := range into.Deployment.Replicas {
		replica := &into.Deployment.Replicas[i]
		if url, known := result.URLs[replica.Name]; known {
			revealURL(replica, url)
		}
		for _, link := range into.Mesh {
			if link.To == replica.Name && link.Relay != nil {
				takeChain(replica, link.Relay.Chain)
			}
		}
	}
}

// runPods lets pods in the place of replicas ask. The gap says why none could.
func (r Request) runPods(ctx context.Context, described *source.Description, key digest.Key, progress *progress, all []rehearse.Workload) (*rehearse.Result, *facts.Gap) {
	config, err := kubeconfig.Config(r.Source.Chart.Settings.Cluster(), r.Source.Secrets)
	var result *rehearse.Result
	if err == nil {
		result, err = rehearse.Run(ctx, rehearse.Options{
			Config: config, Deployment: described.Deployment, Workloads: all,
			Image: r.InCluster.AgentImage, Keep: r.InCluster.Keep, DatabaseOnly: r.DatabaseOnly || r.Source.Live != nil, Beside: r.Source.Live != nil,
			Auth: described.PostgresAuth, ConnectTimeout: r.Database.ConnectTimeout, Key: key,
			Say: r.Source.Say, Progress: progress.wait,
		})
	}
	if err == nil {
		return result, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	r.Source.Say("--in-cluster: " + err.Error())
	return nil, &facts.Gap{Reason: "nothing could be asked in the cluster: " + err.Error(), Proof: "let --in-cluster start its pods, and run it again"}
}

// familyOf is the IP family of an address, as Kubernetes names it; empty for none.
func familyOf(address string) string {
	addr, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return ""
	case addr.Is4():
		return "IPv4"
	default:
		return "IPv6"
	}
}

// revealURL makes the database URL of a pod known in the model, without its secrets,
// where it was not known before.
func revealURL(r *deployment.Replica, url rehearse.URL) {
	value := r.Env(coder.PostgresURL)
	if value.State != deployment.Unknown || value.Key == nil {
		return
	}
	if r.Variables == nil {
		r.Variables = map[string]deployment.Value{}
	}
	r.Variables[coder.PostgresURL] = deployment.Value{
		State: deployment.Known, Digest: url.Digest, FromSecret: value.Key.Kind == "Secret", Origin: value.Origin,
	}
	r.Database = &deployment.DatabaseURL{Summary: url.Summary}
}

// workloads are what runs the replicas, with the pods that it makes.
func workloads(described *source.Description) []rehearse.Workload {
	var out []rehearse.Workload
	for i, place := range described.Places {
		w := described.Deployment.Workloads[i]
		one := rehearse.Workload{
			Kind: w.Kind, Namespace: w.Namespace, Name: w.Name,
			Pod: place.Pod, Container: place.Index, Selector: place.Selector,
		}
		for _, replica := range described.Deployment.Replicas {
			if replica.Workload == i {
				one.Replicas = append(one.Replicas, replica.Name)
			}
		}
		out = append(out, one)
	}
	return out
}
