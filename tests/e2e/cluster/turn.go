package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// takeTurn waits until no other cluster of this machine is starting: two that
// choose their addresses at the same time would choose the same. The returned
// function ends the turn, as does the end of this process. It locks a folder
// that every machine has, so that no file is left behind.
func takeTurn(ctx context.Context) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	folder, err := os.Open("/run")
	if err != nil {
		return nil, fmt.Errorf("taking turns with other clusters: %w", err)
	}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { folder.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("taking turns with other clusters: %w", err), folder.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("another cluster of this machine is starting: %w", ctx.Err()), folder.Close())
		case <-again.C:
		}
	}
}
