package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// interruptible is a context that a signal cancels: Ctrl-C, the request of the
// system to end, and the end of the terminal; so does the end of Helm. A second
// signal ends the process at once. One that whoever started the process chose to
// ignore, as nohup does, stays ignored.
func interruptible() (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	go func() {
		select {
		case <-signals:
		case <-helmEnds(ctx):
		case <-ctx.Done():
			return
		}
		cancel(run.ErrInterrupted)
		<-signals
		os.Exit(run.ExitInterrupted)
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// helmEnds is closed when the Helm that started this process has ended. Helm does
// not hand on a signal that only it got, and nobody waits for the plugin then.
func helmEnds(ctx context.Context) <-chan struct{} {
	if os.Getenv("HELM_PLUGIN_DIR") == "" {
		return nil
	}
	return parentEnds(ctx, os.Getppid())
}
