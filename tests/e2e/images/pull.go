package images

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/crane"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Pull fetches an image from its registry, once, and returns its tarball. A
// reference whose tarball is there already needs no registry.
func Pull(ctx context.Context, root, reference string) (string, error) {
	dir, err := pulledDir(root)
	if err != nil {
		return "", err
	}
	path := pulledTarball(dir, reference)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	image, err := crane.Pull(reference, crane.WithContext(ctx), crane.WithPlatform(&v1.Platform{OS: "linux", Architecture: goarch()}))
	if err != nil {
		return "", fmt.Errorf("pulling %s: %w", reference, err)
	}
	if err := crane.Save(image, reference, path+".partial"); err != nil {
		return "", fmt.Errorf("saving %s: %w", reference, err)
	}
	if err := os.Rename(path+".partial", path); err != nil {
		return "", fmt.Errorf("keeping %s: %w", reference, err)
	}
	return path, nil
}

func pulledDir(root string) (string, error) {
	dir := filepath.Join(root, ".cache", "e2e", "pulled")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the folder of pulled images: %w", err)
	}
	return dir, nil
}

func pulledTarball(dir, reference string) string {
	return filepath.Join(dir, strings.NewReplacer("/", "_", ":", "_").Replace(reference)+".tar")
}
