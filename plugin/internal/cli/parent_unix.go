//go:build unix

package cli

import (
	"context"
	"os"
	"time"
)

// parentEnds is closed when the parent has ended: another process then is the
// parent. Only Linux would tell by itself, and only what the parent asks for.
func parentEnds(ctx context.Context, parent int) <-chan struct{} {
	const often = 200 * time.Millisecond
	ended := make(chan struct{})
	go func() {
		ticker := time.NewTicker(often)
		defer ticker.Stop()
		for os.Getppid() == parent {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
		close(ended)
	}()
	return ended
}
