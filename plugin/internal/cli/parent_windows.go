package cli

import (
	"context"

	"golang.org/x/sys/windows"
)

// parentEnds is closed when the parent has ended.
func parentEnds(_ context.Context, parent int) <-chan struct{} {
	ended := make(chan struct{})
	handle, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(parent))
	if err != nil {
		return ended
	}
	go func() {
		defer func() { _ = windows.CloseHandle(handle) }()
		if _, err := windows.WaitForSingleObject(handle, windows.INFINITE); err == nil {
			close(ended)
		}
	}()
	return ended
}
