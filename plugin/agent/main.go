// Command agent stands in the place of a replica, in a pod that helm coder-ha starts.
//
//	agent wait SECONDS   keeps the pod, and ends after that time or with SIGTERM
//	agent serve          answers the requests of the plugin until they end
package main

import (
	"context"
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
	case len(args) == 2 && args[0] == "wait":
		seconds, err := strconv.Atoi(args[1])
		if err != nil {
			return fmt.Errorf("wait %q: use a number of seconds", args[1])
		}
		ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
		defer cancel()
		<-ctx.Done()
		return nil
	case len(args) == 1 && args[0] == "serve":
		ctx, cancel := context.WithTimeout(ctx, lifetime)
		defer cancel()
		return agent.Run(ctx, os.Stdin, os.Stdout)
	default:
		return fmt.Errorf("usage: agent wait SECONDS | agent serve")
	}
}
