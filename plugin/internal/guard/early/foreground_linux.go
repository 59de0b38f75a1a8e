package early

import (
	"os"
	"syscall"
)

// inForeground says whether the terminal sends what is typed, such as Ctrl-C, to
// this process and to those that it started.
func inForeground() bool {
	stat, err := os.ReadFile("/proc/self/stat")
	return err == nil && foregroundGroup(stat) == syscall.Getpgrp()
}

// foregroundGroup is the process group to which the terminal of a process sends what
// is typed: the eighth field of its stat (man 5 proc), 0 without a terminal. The
// second field is the name of the program in parentheses, and may hold anything.
func foregroundGroup(stat []byte) int {
	field, group := 0, 0
	for _, c := range stat {
		switch {
		case c == ')':
			field, group = 2, 0
		case c == ' ':
			field++
		case field == 8 && c == '-':
			return 0
		case field == 8:
			group = group*10 + int(c-'0')
		}
	}
	return group
}
