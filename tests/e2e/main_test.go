// Package e2e proves the chart on a real Kubernetes cluster with the real helm
// binary.
//
// Tests that measure traffic or break something run one after the other; after
// them, side by side, those that only wait (t.Parallel).
//
// Environment: HELM3_BIN and HELM4_BIN, the helm binaries (default
// .cache/bin/helm3 and helm4, where make puts them); E2E_KUBECONFIG, a cluster
// of one's own to use, whose nodes have the images of `cluster images`;
// E2E_CODER_IMAGE, a real Coder image in the place of the stand-in;
// E2E_FIGURES, where the measured figures are written to; E2E_CLUSTER, what to
// add to the names of the clusters, for runs side by side.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// Set by TestMain, once for all tests.
var (
	root    string
	shared  *cluster.Cluster
	figures = &figureTable{}
)

func TestMain(m *testing.M) {
	cluster.Main()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	ctx := context.Background()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		// A cluster that is still starting ends with this process.
		var failure error
		if shared != nil {
			failure = shared.Down()
		}
		fmt.Fprintln(os.Stderr, "e2e: interrupted", errors.Join(failure))
		os.Exit(130)
	}()
	if root, err = cluster.RepositoryRoot(); err != nil {
		return 1, err
	}
	if err := useHelm(); err != nil {
		return 1, err
	}
	if shared, err = findCluster(ctx); err != nil {
		return 1, err
	}
	if err := figures.describe(ctx, shared.Client); err != nil {
		return 1, errors.Join(err, shared.Down())
	}
	code = m.Run()
	return code, errors.Join(shared.Down(), figures.write())
}

func findCluster(ctx context.Context) (*cluster.Cluster, error) {
	if kubeconfig := os.Getenv("E2E_KUBECONFIG"); kubeconfig != "" {
		return cluster.Foreign(kubeconfig)
	}
	cfg := cluster.Config{Name: clusterName("e2e"), Nodes: 3, Progress: os.Stderr}
	if err := cluster.Preflight(cfg); err != nil {
		return nil, err
	}
	built, err := buildImages(ctx)
	if err != nil {
		return nil, err
	}
	cfg.Images = built
	return cluster.Up(ctx, cfg)
}

// clusterName lets runs go side by side: one with a real Coder image beside
// one with the stand-in, and those that E2E_CLUSTER tells apart.
func clusterName(base string) string {
	if os.Getenv("E2E_CODER_IMAGE") != "" {
		base += "coder"
	}
	return base + os.Getenv("E2E_CLUSTER")
}

// buildImages are the tarballs of the tests' images, with the real Coder's.
func buildImages(ctx context.Context) ([]string, error) {
	built, err := images.Build(ctx, root, os.Stderr)
	if err != nil {
		return nil, err
	}
	if ref := os.Getenv("E2E_CODER_IMAGE"); ref != "" {
		pulled, err := images.Pull(ctx, root, ref)
		if err != nil {
			return nil, err
		}
		built = append(built, pulled)
	}
	return built, nil
}
