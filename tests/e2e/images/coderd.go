package images

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Coderd is the repository of the image that BuildCoderd makes; its tag is
// Coder's version.
const Coderd = "docker.io/coder-ha/coderd"

const (
	coderModule  = "github.com/coder/coder/v2"
	coderProgram = coderModule + "/enterprise/cmd/coder"
)

// BuildCoderd compiles the coderd that tests/e2e/coderd/go.mod pins, puts its
// image where Pull finds it, and returns the image's reference. The first build
// takes minutes. The server has no dashboard: that is built with other tools.
func BuildCoderd(ctx context.Context, root string, progress io.Writer) (string, error) {
	module := filepath.Join(root, "tests", "e2e", "coderd")
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", coderModule)
	list.Dir, list.Stderr = module, progress
	output, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("reading the version of Coder that %s pins: %w", filepath.Join(module, "go.mod"), err)
	}
	version := strings.TrimSpace(string(output))
	dir, err := pulledDir(root)
	if err != nil {
		return "", err
	}
	bin, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return "", fmt.Errorf("making a folder for coderd: %w", err)
	}
	defer os.RemoveAll(bin)
	fmt.Fprintf(progress, "building coderd %s: minutes, the first time\n", version)
	program := filepath.Join(bin, "coder")
	tag := coderModule + "/buildinfo.tag=" + strings.TrimPrefix(version, "v")
	if err := goBuild(ctx, module, coderProgram, program, []string{tag}); err != nil {
		return "", err
	}
	reference := Coderd + ":" + version
	img, err := coderImage(ctx, reference, program)
	if err != nil {
		return "", err
	}
	var layer bytes.Buffer
	if err := writeLayer(&layer, &img); err != nil {
		return "", err
	}
	if err := writeTarball(pulledTarball(dir, reference), &img, layer.Bytes()); err != nil {
		return "", fmt.Errorf("packing image %s: %w", reference, err)
	}
	return reference, nil
}

// coderImage is laid out as Coder's own image is, where the chart relies on it.
func coderImage(ctx context.Context, tag, program string) (image, error) {
	img := image{
		tag: tag, files: map[string]string{"opt/coder": program}, dirs: []string{"tmp"}, home: "home/coder",
		config: v1.Config{Entrypoint: []string{"/opt/coder"}, Cmd: []string{"server"}, User: fmt.Sprintf("%d:%d", userID, userID), WorkingDir: "/home/coder", Env: []string{"HOME=/home/coder"}},
		texts: map[string]string{
			"etc/passwd": "coder:x:1000:1000::/home/coder:/bin/false\n", "etc/group": "coder:x:1000:\n",
		},
	}
	// Coder's image has them: the chart's test pod uses the first, its drain delay the
	// second, and with the others the plugin brings its agent into a pod.
	for _, program := range []string{"/usr/bin/wget", "/usr/bin/sleep", "/bin/sh", "/usr/bin/head", "/usr/bin/gzip", "/usr/bin/chmod", "/usr/bin/uname"} {
		if err := img.addProgram(ctx, program); err != nil {
			return img, err
		}
	}
	return img, nil
}
