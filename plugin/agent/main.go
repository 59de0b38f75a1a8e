//go:debug x509usefallbackroots=1

// Command agent stands in the place of a replica, in a pod that helm coder-ha starts.
//
//	agent serve
//
// answers the requests of the plugin on its standard streams until they end.
//
//	agent listen PORT DIGEST SECONDS
//
// answers them on the loopback of the pod, for whoever has the token of that digest,
// and ends after that time or with SIGTERM. The index of the pod in its Job is added to
// the port: pods on the network of one node listen apart.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
)

// memory is what the agent may use; its pod has twice as much.
const memory = 96 << 20

// lifetime bounds a connection of the plugin that nobody ends.
const lifetime = 15 * time.Minute

// indexVariable is set by the controller of Jobs
// (k8s.io/kubernetes pkg/controller/job, completionIndexEnvName).
const indexVariable = "JOB_COMPLETION_INDEX"

var errUsage = errors.New("usage: agent serve | agent listen PORT DIGEST SECONDS")

func main() {
	debug.SetMemoryLimit(memory)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "coder-ha agent:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "serve":
		ctx, cancel := context.WithTimeout(ctx, lifetime)
		defer cancel()
		return agent.Run(ctx, os.Stdin, os.Stdout)
	case len(args) == 4 && args[0] == "listen":
		port, err := strconv.Atoi(args[1])
		if err != nil {
			return errUsage
		}
		seconds, err := strconv.Atoi(args[3])
		if err != nil {
			return errUsage
		}
		if err := trustPublicRoots(); err != nil {
			return err
		}
		if index, err := strconv.Atoi(os.Getenv(indexVariable)); err == nil {
			port += index
		}
		ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
		defer cancel()
		return agent.Listen(ctx, port, args[2])
	default:
		return errUsage
	}
}
