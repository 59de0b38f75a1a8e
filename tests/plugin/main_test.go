package plugin_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// TestMain catches the end of a terminal: what a process catches, those that it
// starts do not ignore, also where the tests were started by nohup.
func TestMain(m *testing.M) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	os.Exit(m.Run())
}
