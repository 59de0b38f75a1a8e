package early

import "syscall"

// workerAttributes end the worker with its guard.
func workerAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
