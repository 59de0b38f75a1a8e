package source

import (
	"context"
	"fmt"

	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kubeconfig"
	"github.com/coder-ha/coder-ha/plugin/internal/source/release"
)

// Live names a deployment that runs in the cluster.
type Live struct {
	// Name is that of the release or of the workload; empty to find the one of the
	// namespace.
	Name string
}

// manyRequests lets requests go out side by side, as they come: they are few.
const manyRequests = -1

// Cluster says how to reach the cluster.
func (r Request) Cluster() (*rest.Config, error) {
	config, err := kubeconfig.Config(r.Chart.Settings.Cluster(), r.Secrets)
	if err != nil {
		return nil, fmt.Errorf("%w: use --kubeconfig or --kube-context, or set KUBECONFIG", err)
	}
	config.QPS = manyRequests
	return config, nil
}

// readLive reads the model of what runs.
func (r Request) readLive(ctx context.Context, out *Description) (*deployment.Deployment, error) {
	config, err := r.Cluster()
	if err != nil {
		return nil, err
	}
	guard.Doing("reading the objects of the cluster")
	opts := kube.Options{Namespace: r.Chart.Settings.Namespace(), Workloads: r.Workloads, CoderVersion: r.CoderVersion, PodIPFamily: r.PodIPFamily}
	live, err := release.Read(ctx, release.Request{Config: config, Namespace: opts.Namespace, Name: r.Live.Name, Say: r.Say}, opts)
	if err != nil {
		return nil, err
	}
	opts.Absent = live.Absent
	learnObjects(r.Secrets, live.Objects)
	d, places, err := kube.Find(live.Objects, opts)
	if err != nil {
		return nil, err
	}
	d.Source = "namespace " + opts.Namespace
	if live.Release.Name != "" {
		d.Source = "release " + live.Release.Name + " in " + d.Source
	}
	learnModel(r.Secrets, d)
	out.Places, out.Release, out.Unread = places, live.Release, live.Gaps
	return d, nil
}

// ReleaseNames are the releases of the namespace that may run coderd, for
// completion.
func (r Request) ReleaseNames(ctx context.Context) []string {
	config, err := r.Cluster()
	if err != nil {
		return nil
	}
	return release.Names(ctx, release.Request{Config: config, Namespace: r.Chart.Settings.Namespace()})
}
