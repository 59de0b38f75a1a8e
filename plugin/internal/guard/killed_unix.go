//go:build unix

package guard

import (
	"os"
	"syscall"
)

// killed says whether a process had no chance to say anything.
func killed(state *os.ProcessState) bool {
	status, known := state.Sys().(syscall.WaitStatus)
	return known && status.Signaled() && status.Signal() == syscall.SIGKILL
}
