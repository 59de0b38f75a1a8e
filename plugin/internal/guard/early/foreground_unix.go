//go:build unix && !linux

package early

import (
	"os"

	"golang.org/x/sys/unix"
)

// inForeground says whether the terminal sends what is typed, such as Ctrl-C, to
// this process and to those that it started.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer func() { _ = tty.Close() }()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
