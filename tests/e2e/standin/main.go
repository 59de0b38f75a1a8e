// Command standin takes coderd's place in the tests. It is not Coder: it does
// what other replicas, Kubernetes and Postgres can see of coderd, in the way
// and with the times of the real one, and nothing else. Point E2E_CODER_IMAGE
// at a real Coder image to run the same tests with the real thing.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// version and migration are set when an image is built.
var (
	version   = "v0.0.0-stand-in"
	migration = "535"
)

func main() {
	command := strings.Join(os.Args[1:], " ")
	live, known := map[string]func(context.Context, func(string) string) error{"server": run, "provisionerd start": provision}[command]
	if !known {
		fmt.Fprintln(os.Stderr, "usage: coder server | coder provisionerd start")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	defer stop()
	if err := live(ctx, os.Getenv); err != nil {
		fmt.Fprintf(os.Stderr, "Encountered an error running \"coder %s\": %v\n", command, err)
		stop()
		os.Exit(1)
	}
}

// run is coderd's life: check the settings, listen, reach and migrate the
// database, listen to the other replicas, serve, and end in that order. Until it
// serves, clients can connect and wait.
func run(ctx context.Context, getenv func(string) string) error {
	opts, err := readOptions(getenv)
	if err != nil {
		return err
	}
	if err := makeCache(); err != nil {
		return err
	}
	server, err := newServer(ctx, opts)
	if err != nil {
		return err
	}
	defer server.closeListeners()
	db, err := openDatabase(ctx, opts)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrate(ctx, db); err != nil {
		return err
	}
	cluster, err := listenCluster(ctx, opts)
	if err != nil {
		return err
	}
	if cluster != nil {
		defer cluster.Close()
	}
	failed := make(chan error, 1)
	life, end := context.WithCancel(context.Background())
	defer end()
	replica := newReplica(opts, db)
	if err := replica.start(life); err != nil {
		return err
	}
	go func() { failed <- replica.run(life) }()
	server.serve()
	fmt.Println("View the Web UI:", opts.accessURL)

	select {
	case <-ctx.Done():
		fmt.Println("Stop caught, waiting for provisioner jobs to complete. Interrupt again to exit immediately")
	case err := <-failed:
		return errors.Join(err, server.close())
	}
	// The listener goes first, the replica's row last.
	failure := server.close()
	end()
	return errors.Join(failure, <-failed, replica.stop())
}
