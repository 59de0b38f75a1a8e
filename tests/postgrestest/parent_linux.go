package postgrestest

import "syscall"

// dieWithParent makes a server end with the process that started it, so that a
// test that is killed leaves none running.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }
