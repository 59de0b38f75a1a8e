//go:build !linux

package guard

import "time"

// limitMemory watches the memory, where the system has no limit of its own that
// Go's memory counts for.
func limitMemory(bytes int64) error {
	go watch(bytes, 2*time.Millisecond, func() { end("fatal error: out of memory\n") })
	return nil
}

// limitAddresses has nothing to add to the watch.
func limitAddresses(int64) (lift func(), err error) { return func() {}, nil }
