package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// kubernetesVersion is the release that tests/e2e/kubernetes/go.mod pins; the
// binaries are told it at link time, or clients would see v0.0.0.
const kubernetesVersion = "1.34.4"

const rootModule = "module github.com/coder-ha/coder-ha\n"

// RepositoryRoot is the folder of the root Go module, looked for from the
// working directory upwards.
func RepositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working directory: %w", err)
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.Contains(string(text)+"\n", rootModule) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not inside the coder-ha repository: no go.mod of github.com/coder-ha/coder-ha above the working directory")
		}
		dir = parent
	}
}

// Build compiles Kubernetes, etcd, CoreDNS and what enforces NetworkPolicy as
// their go.mod files pin them and returns the folder of the binaries. A second
// call with the same pins returns at once. The first takes minutes: each minute
// is reported.
func Build(ctx context.Context, root string, progress io.Writer) (string, error) {
	modules := []string{
		filepath.Join(root, "tests", "e2e", "kubernetes"),
		filepath.Join(root, "tests", "e2e", "coredns"),
		filepath.Join(root, "tests", "e2e", "networkpolicies"),
	}
	key, err := buildKey(modules)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".cache", "e2e", "bin", key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	partial, err := os.MkdirTemp(ensure(filepath.Dir(dir)), "partial-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the build: %w", err)
	}
	defer os.RemoveAll(partial)
	fmt.Fprintf(progress, "building Kubernetes %s, etcd, CoreDNS and what enforces NetworkPolicy: minutes, once\n", kubernetesVersion)
	for _, module := range modules {
		target := "."
		if filepath.Base(module) == "kubernetes" {
			target = "tool"
		}
		if err := goBuild(ctx, module, target, partial, progress); err != nil {
			return "", err
		}
	}
	// etcd's main package is its server module's root.
	if err := os.Rename(filepath.Join(partial, "server"), filepath.Join(partial, "etcd")); err != nil {
		return "", fmt.Errorf("naming etcd: %w", err)
	}
	if err := os.Rename(partial, dir); err != nil {
		return "", fmt.Errorf("keeping the build: %w", err)
	}
	return dir, nil
}

// ensure makes a folder if it can; the caller's next step tells if it could not.
func ensure(dir string) string {
	_ = os.MkdirAll(dir, 0o755)
	return dir
}

func goBuild(ctx context.Context, module, target, out string, progress io.Writer) error {
	const version = "k8s.io/component-base/version."
	flags := []string{"-s", "-w"}
	if target == "tool" {
		part := strings.Split(kubernetesVersion, ".")
		for name, value := range map[string]string{
			"gitVersion": "v" + kubernetesVersion, "gitMajor": part[0], "gitMinor": part[1], "gitTreeState": "clean",
		} {
			flags = append(flags, "-X", version+name+"="+value)
		}
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", strings.Join(flags, " "), "-o", out+"/", target)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false -mod=readonly")
	begin := time.Now()
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	done := make(chan error, 1)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	go func() { done <- cmd.Run() }()
	for {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("go build in %s: %w\n%s", module, err, output.String())
			}
			fmt.Fprintf(progress, "  %s built in %.0f s\n", filepath.Base(module), time.Since(begin).Seconds())
			return nil
		case <-minute.C:
			fmt.Fprintf(progress, "  %s: %.0f minutes\n", filepath.Base(module), time.Since(begin).Minutes())
		}
	}
}

// buildKey changes with the pins, the compiler and the way of building.
func buildKey(modules []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, "1", kubernetesVersion, runtime.Version(), runtime.GOARCH)
	for _, module := range modules {
		sources, err := filepath.Glob(filepath.Join(module, "*.go"))
		if err != nil {
			return "", fmt.Errorf("listing the cluster's parts: %w", err)
		}
		for _, file := range append([]string{filepath.Join(module, "go.mod"), filepath.Join(module, "go.sum")}, sources...) {
			text, err := os.ReadFile(file)
			if err != nil {
				return "", fmt.Errorf("reading the pins of the cluster's parts: %w", err)
			}
			sum.Write(text)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}
