package run

import (
	"context"
	"net/netip"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/kubeapi"
	"github.com/coder-ha/coder-ha/plugin/internal/source"
)

// Live names a deployment that runs.
type Live = source.Live

// askCluster adds what the cluster says of the deployment that runs.
func (r Request) askCluster(ctx context.Context, described *source.Description, into *facts.Facts) error {
	for kind, gap := range described.Unread {
		into.Lacks(kind, gap)
	}
	config, err := r.Source.Cluster()
	if err != nil {
		return err
	}
	guard.Doing("asking the cluster")
	if err := kubeapi.Probe(ctx, config, described.Release, into); err != nil {
		return err
	}
	if into.Deployment.PodIPFamily == "" {
		into.Deployment.PodIPFamily = family(into.Running.Pods)
	}
	return nil
}

// family is the IP family of the pods; empty where none has an address.
func family(pods []facts.Pod) string {
	for _, pod := range pods {
		switch addr, err := netip.ParseAddr(pod.IP); {
		case err != nil:
		case addr.Is4():
			return "IPv4"
		default:
			return "IPv6"
		}
	}
	return ""
}
