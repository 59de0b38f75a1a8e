// Package embedded holds the programs of the agent, compressed, as `make build` puts
// them beside it.
package embedded

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed all:bin
var files embed.FS

// ErrNone says that this build of the plugin has no agent.
var ErrNone = errors.New("this build of coder-ha has no agent in it: build it with `make build`")

// architectures are those of Linux for which there is an agent, by the words of uname.
var architectures = map[string]string{"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

// Agent is the agent for a machine of Linux, compressed with gzip.
func Agent(machine string) ([]byte, error) {
	arch, known := architectures[machine]
	if !known {
		return nil, fmt.Errorf("there is no agent for the architecture %q: only for amd64 and arm64", machine)
	}
	content, err := files.ReadFile("bin/agent-linux-" + arch + ".gz")
	if err != nil {
		return nil, ErrNone
	}
	return content, nil
}

// Has says whether this build has agents.
func Has() bool {
	entries, err := files.ReadDir("bin")
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() != "README" })
}
