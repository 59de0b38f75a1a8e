//go:build !linux

package guard

import (
	"io"
	"os"
	"runtime/metrics"
	"time"
)

// limitMemory watches the memory, where the system has no limit of its own that
// Go's memory counts for.
func limitMemory(bytes int64) error {
	go watch(bytes, 2*time.Millisecond, func() { end("fatal error: out of memory\n") })
	return nil
}

// limitAddresses has nothing to add to the watch.
func limitAddresses(int64) (lift func(), err error) { return func() {}, nil }

// watch looks again and again at how much memory Go has from the system, and acts
// once that is beyond the ceiling. A single allocation can be beyond it before.
func watch(ceiling int64, every time.Duration, act func()) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(every) {
		metrics.Read(samples)
		if used := samples[0].Value.Uint64() - samples[1].Value.Uint64(); used > uint64(ceiling) {
			act()
			return
		}
	}
}

// end ends the process as the Go runtime does when it gets no memory.
func end(words string) {
	_, _ = io.WriteString(trace, words)
	os.Exit(2)
}
