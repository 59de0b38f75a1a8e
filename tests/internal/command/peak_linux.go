package command

import (
	"os"
	"syscall"
)

// peak is the most memory that a process had resident, or one that it waited for, in
// bytes (man 2 getrusage).
func peak(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}
