// Package images builds the container images of the tests, without a container
// engine and without a registry.
package images

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
)

// Names of the images.
const (
	// StandInRepository is that of the stand-in for Coder's image.
	StandInRepository = "docker.io/coder-ha/coderd-stand-in"
	// Load is the load generator.
	Load = "docker.io/coder-ha/load:1"
	// Postgres is a Postgres server.
	Postgres = "docker.io/coder-ha/postgres:1"
	// Agent has nothing but the plugin and its agent in it, as the image of a release.
	Agent = "docker.io/coder-ha/agent:1"
)

// Versions that the stand-in comes in, oldest first, so that upgrades have
// somewhere to go. Each knows one more migration than the one before.
var Versions = []string{"v2.35.1", "v2.35.2"}

// userID is the user of Coder's image, and its group.
const userID = 1000

// image is an image before it is packed.
type image struct {
	tag    string
	config v1.Config
	// files by their path in the image; a value is a path on the machine.
	files map[string]string
	// texts are files with their content.
	texts map[string]string
	// dirs are folders that everyone may write to; home belongs to the image's user,
	// who alone may write to it.
	dirs []string
	home string
}

// Build returns the tarballs of all images, built anew where a program
// changed.
func Build(ctx context.Context, root string, progress io.Writer) ([]string, error) {
	dir := filepath.Join(root, ".cache", "e2e", "images")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the images: %w", err)
	}
	bin, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the programs: %w", err)
	}
	defer os.RemoveAll(bin)
	images, err := describe(ctx, root, bin)
	if err != nil {
		return nil, err
	}
	var tarballs []string
	for i := range images {
		path, fresh, err := pack(dir, &images[i])
		if err != nil {
			return nil, fmt.Errorf("packing image %s: %w", images[i].tag, err)
		}
		if fresh {
			fmt.Fprintf(progress, "packed image %s\n", images[i].tag)
		}
		tarballs = append(tarballs, path)
	}
	return tarballs, prune(dir, tarballs)
}

func describe(ctx context.Context, root, bin string) ([]image, error) {
	compile := func(pkg, out string, variables ...string) (string, error) {
		path := filepath.Join(bin, out)
		return path, goBuild(ctx, filepath.Join(root, "tests", "e2e"), pkg, path, variables)
	}
	pause, err := compile("./cmd/pause", "pause")
	if err != nil {
		return nil, err
	}
	loader, err := compile("./cmd/load", "load")
	if err != nil {
		return nil, err
	}
	server, err := compile("./cmd/postgres", "postgres")
	if err != nil {
		return nil, err
	}
	agent := filepath.Join(bin, "agent")
	if err := goBuild(ctx, root, "./plugin/agent", agent, nil); err != nil {
		return nil, err
	}
	images := []image{
		{
			tag: Agent, config: v1.Config{Entrypoint: []string{"/coder-ha"}, User: "65532:65532"},
			files: map[string]string{"coder-ha-agent": agent, "coder-ha": filepath.Join(root, "bin", "coder-ha")},
		},
		{tag: cluster.PauseImage, config: v1.Config{Entrypoint: []string{"/pause"}}, files: map[string]string{"pause": pause}},
		{tag: Load, config: v1.Config{Entrypoint: []string{"/load"}, User: "65532:65532"}, files: map[string]string{"load": loader}},
	}
	for n, version := range Versions {
		standIn, err := compile("./standin", "coder-"+version, "main.version="+version, fmt.Sprintf("main.migration=%d", 535+n))
		if err != nil {
			return nil, err
		}
		coder, err := coderImage(ctx, StandInRepository+":"+version, standIn)
		if err != nil {
			return nil, err
		}
		images = append(images, coder)
	}
	postgres, err := postgresImage(ctx, server)
	if err != nil {
		return nil, err
	}
	manual, err := manualImages(ctx, root, compile)
	if err != nil {
		return nil, err
	}
	return append(append(images, postgres), manual...), nil
}

func goBuild(ctx context.Context, module, pkg, out string, variables []string) error {
	flags := []string{"-s", "-w"}
	for _, variable := range variables {
		flags = append(flags, "-X", variable)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", strings.Join(flags, " "), "-o", out, pkg)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, output)
	}
	return nil
}

// pack writes an image to a tarball whose name is a digest of its content and
// reports whether it had to.
func pack(dir string, img *image) (string, bool, error) {
	var layer bytes.Buffer
	if err := writeLayer(&layer, img); err != nil {
		return "", false, err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %+v\n", img.tag, img.config)
	sum.Write(layer.Bytes())
	base, _, _ := strings.Cut(filepath.Base(img.tag), ":")
	path := filepath.Join(dir, base+"-"+hex.EncodeToString(sum.Sum(nil))[:16]+".tar")
	if _, err := os.Stat(path); err == nil {
		return path, false, nil
	}
	return path, true, writeTarball(path, img, layer.Bytes())
}

// writeTarball writes an image of one layer, all or nothing.
func writeTarball(path string, img *image, layer []byte) error {
	packed, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer)), nil })
	if err != nil {
		return fmt.Errorf("making its layer: %w", err)
	}
	built, err := mutate.AppendLayers(empty.Image, packed)
	if err != nil {
		return fmt.Errorf("adding its layer: %w", err)
	}
	file, err := built.ConfigFile()
	if err != nil {
		return fmt.Errorf("reading its configuration: %w", err)
	}
	file = file.DeepCopy()
	file.Config, file.OS, file.Architecture = img.config, "linux", goarch()
	if built, err = mutate.ConfigFile(built, file); err != nil {
		return fmt.Errorf("setting its configuration: %w", err)
	}
	tag, err := name.NewTag(img.tag)
	if err != nil {
		return fmt.Errorf("naming it: %w", err)
	}
	partial := path + ".partial"
	if err := tarball.WriteToFile(partial, tag, built); err != nil {
		return fmt.Errorf("writing it: %w", err)
	}
	if err := os.Rename(partial, path); err != nil {
		return fmt.Errorf("keeping it: %w", err)
	}
	return nil
}

// writeLayer writes the image's files in a fixed order and without times, so
// that the same files give the same digest.
func writeLayer(w io.Writer, img *image) error {
	archive := tar.NewWriter(w)
	for _, dir := range img.dirs {
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o1777}); err != nil {
			return fmt.Errorf("adding %s: %w", dir, err)
		}
	}
	if img.home != "" {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: img.home + "/", Mode: 0o755, Uid: userID, Gid: userID}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("adding %s: %w", img.home, err)
		}
	}
	for _, path := range sortedKeys(img.files) {
		content, err := os.ReadFile(img.files[path])
		if err != nil {
			return fmt.Errorf("reading %s: %w", img.files[path], err)
		}
		if err := addFile(archive, path, 0o755, content); err != nil {
			return err
		}
	}
	for _, path := range sortedKeys(img.texts) {
		if err := addFile(archive, path, 0o644, []byte(img.texts[path])); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("ending the layer: %w", err)
	}
	return nil
}

func addFile(archive *tar.Writer, path string, mode int64, content []byte) error {
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: mode, Size: int64(len(content))}); err != nil {
		return fmt.Errorf("adding %s: %w", path, err)
	}
	if _, err := archive.Write(content); err != nil {
		return fmt.Errorf("adding %s: %w", path, err)
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// prune removes the tarballs of earlier builds.
func prune(dir string, keep []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("listing %s: %w", dir, err)
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if entry.IsDir() || slices.Contains(keep, path) {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing an old image: %w", err)
		}
	}
	return nil
}
