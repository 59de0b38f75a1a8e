// Command cluster starts and ends a Kubernetes cluster on this machine for a
// person to try things on.
//
//	cluster up [--name dev] [--nodes 3] [--ipv6]
//	cluster down [--name dev]
//	cluster build
//	cluster images
//	cluster coderd
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

func main() {
	cluster.Main()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		stop()
		os.Exit(1)
	}
}

const usage = "usage: cluster up [--name NAME] [--nodes N] [--ipv6] | down [--name NAME] | build | images | coderd"

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("cluster "+args[0], flag.ContinueOnError)
	name := flags.String("name", "dev", "name of the cluster")
	nodes := flags.Int("nodes", 3, "number of nodes, 1 to 9")
	ipv6 := flags.Bool("ipv6", false, "single-stack IPv6 instead of IPv4")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; %s", flags.Arg(0), usage)
	}
	root, err := cluster.RepositoryRoot()
	if err != nil {
		return err
	}
	switch args[0] {
	case "up":
		return up(ctx, root, cluster.Config{Name: *name, Nodes: *nodes, IPv6: *ipv6, Detached: true, Progress: os.Stderr})
	case "down":
		found, err := cluster.Down(*name)
		if err == nil && !found {
			fmt.Fprintf(os.Stderr, "cluster %q is not up: nothing to do\n", *name)
		}
		return err
	case "build":
		_, err := cluster.Build(ctx, root, os.Stderr)
		return err
	case "images":
		built, err := images.Build(ctx, root, os.Stderr)
		for _, tarball := range built {
			fmt.Println(tarball)
		}
		return err
	case "coderd":
		reference, err := images.BuildCoderd(ctx, root, os.Stderr)
		if err == nil {
			fmt.Printf("export E2E_CODER_IMAGE=%s\n", reference)
		}
		return err
	default:
		return errors.New(usage)
	}
}

func up(ctx context.Context, root string, cfg cluster.Config) error {
	if err := cluster.Preflight(cfg); err != nil {
		return err
	}
	built, err := images.Build(ctx, root, cfg.Progress)
	if err != nil {
		return err
	}
	cfg.Images = built
	c, err := cluster.Up(ctx, cfg)
	if err != nil {
		return err
	}
	if err := giveToCaller(c.Kubeconfig); err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\n", c.Kubeconfig)
	return nil
}

// giveToCaller makes the file that of the user who called sudo, if one did.
func giveToCaller(path string) error {
	caller, ok := os.LookupEnv("SUDO_UID")
	if !ok {
		return nil
	}
	uid, err := strconv.Atoi(caller)
	if err != nil {
		return fmt.Errorf("reading SUDO_UID: %w", err)
	}
	if err := os.Chown(path, uid, -1); err != nil {
		return fmt.Errorf("giving the kubeconfig to the caller: %w", err)
	}
	return nil
}
