package limits

import (
	"context"
	"fmt"
)

// Await does work that takes no notice of the context, such as opening a named
// pipe, and leaves it behind when the context ends. The name of what is waited for
// is for people.
func Await[T any](ctx context.Context, name string, work func() (T, error)) (result T, err error) {
	type outcome struct {
		result T
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		result, err := work()
		done <- outcome{result, err}
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		return result, fmt.Errorf("still waiting for %s: %w", name, context.Cause(ctx))
	}
}
