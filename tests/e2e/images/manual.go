package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Names of the images that the manual's commands run: the chart's own default, behind
// which is the stand-in here, and one with a shell.
const (
	coderRepository = "ghcr.io/coder/coder"
	shell           = "docker.io/library/busybox:1.37"
	// migration is the last one of Coder 2.36: later versions have that at least.
	migration = "556"
)

var appVersion = regexp.MustCompile(`(?m)^appVersion: "(.+)"$`)

func manualImages(ctx context.Context, root string, compile func(pkg, out string, variables ...string) (string, error)) ([]image, error) {
	chart, err := os.ReadFile(filepath.Join(root, "charts", "coder", "Chart.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the chart's version of Coder: %w", err)
	}
	version := appVersion.FindSubmatch(chart)
	if version == nil {
		return nil, errors.New("charts/coder/Chart.yaml has no appVersion")
	}
	tag := "v" + string(version[1])
	standIn, err := compile("./standin", "coder-manual", "main.version="+tag, "main.migration="+migration)
	if err != nil {
		return nil, err
	}
	coder, err := coderImage(ctx, coderRepository+":"+tag, standIn)
	if err != nil {
		return nil, err
	}
	tools := image{tag: shell, files: map[string]string{}, dirs: []string{"tmp"}, config: v1.Config{Cmd: []string{"sh"}}}
	for _, program := range []string{"/bin/sh", "/usr/bin/chmod", "/usr/bin/sleep", "/usr/bin/tar"} {
		if err := tools.addProgram(ctx, program); err != nil {
			return nil, err
		}
	}
	return []image{coder, tools}, nil
}
