//go:build unix && !linux

package early

import "syscall"

// workerAttributes are none: only Linux ends a process with its parent.
func workerAttributes() *syscall.SysProcAttr { return nil }
