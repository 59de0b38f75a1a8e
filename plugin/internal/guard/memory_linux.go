package guard

import (
	"fmt"
	"os"
	"syscall"
)

// limitMemory lets the kernel refuse what goes beyond the ceiling. RLIMIT_DATA
// counts what a process may write to and shares with nobody, which is all that Go
// allocates (man 2 setrlimit).
func limitMemory(bytes int64) error { return limit(syscall.RLIMIT_DATA, uint64(bytes)) }

func limit(resource int, bytes uint64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(resource, &now); err != nil {
		return err
	}
	now.Cur = min(bytes, now.Max)
	return syscall.Setrlimit(resource, &now)
}

// arena is the step in which Go reserves addresses for its heap, in bytes.
const arena = 64 << 20

// limitAddresses limits the addresses too. Go reserves them before it makes memory
// of them, and the kernel does not count against RLIMIT_DATA what replaces a
// reservation, so a single huge allocation would go beyond it.
func limitAddresses(ceiling int64) (lift func(), err error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return nil, err
	}
	var size, resident, shared, code, library, data int64
	if _, err := fmt.Sscan(string(text), &size, &resident, &shared, &code, &library, &data); err != nil {
		return nil, err
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &before); err != nil {
		return nil, err
	}
	page := int64(os.Getpagesize())
	if err := limit(syscall.RLIMIT_AS, uint64(size*page+max(ceiling-data*page, 0)+arena)); err != nil {
		return nil, err
	}
	return func() { _ = syscall.Setrlimit(syscall.RLIMIT_AS, &before) }, nil
}
