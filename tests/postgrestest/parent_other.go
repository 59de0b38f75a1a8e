//go:build !linux

package postgrestest

import "syscall"

// dieWithParent has no means outside of Linux.
func dieWithParent(*syscall.SysProcAttr) {}
