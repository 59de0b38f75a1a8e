package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content/oci"
)

// containerName is the repository of the container image, and begins the names of the
// files about it.
const containerName = "coder-ha-image"

// containerUser is none of the machine's.
const containerUser = "65532:65532"

// container is the image for clusters: the program of the plugin and its agent, for
// each platform of Linux, and nothing else.
type container struct {
	index ocispec.Descriptor
	// blobs are all that the index leads to, and the index itself, which is the last.
	blobs []described
}

// described is a blob with what is said of it.
type described struct {
	ocispec.Descriptor
	text []byte
}

func (c *container) add(mediaType string, text []byte) ocispec.Descriptor {
	d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(text), Size: int64(len(text))}
	c.blobs = append(c.blobs, described{d, text})
	return d
}

func (c *container) addJSON(mediaType string, value any) (ocispec.Descriptor, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return c.add(mediaType, text), nil
}

// container makes the image, and adds its digest and the bills of materials of the
// agents. It is nil where no platform is one of Linux.
func (s source) container(r *release, platforms []string) (*container, error) {
	c := &container{}
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Annotations: s.about()}
	for _, platform := range platforms {
		arch, ok := strings.CutPrefix(platform, "linux-")
		if !ok {
			continue
		}
		manifest, err := s.containerFor(r, c, arch)
		if err != nil {
			return nil, fmt.Errorf("make the image for %s: %w", platform, err)
		}
		manifest.Platform = &ocispec.Platform{OS: "linux", Architecture: arch}
		index.Manifests = append(index.Manifests, manifest)
	}
	if len(index.Manifests) == 0 {
		return nil, nil
	}
	var err error
	if c.index, err = c.addJSON(index.MediaType, index); err != nil {
		return nil, err
	}
	r.add(containerName+"-"+s.version+".digest", []byte(c.index.Digest.String()+"\n"))
	return c, nil
}

// containerFor adds the image of an architecture.
func (s source) containerFor(r *release, c *container, arch string) (ocispec.Descriptor, error) {
	agent, err := s.agent(arch)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if err := s.agentBOM(r, arch, agent); err != nil {
		return ocispec.Descriptor{}, err
	}
	entries, err := s.entries(
		file{from: "LICENSE"},
		file{from: "plugin/bin/" + program("linux-"+arch), name: "coder-ha", mode: 0o755},
	)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	layer, err := archive("", append(entries, entry{"coder-ha-agent", agent, 0o755}), s.at)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	unpacked, err := unzip(layer)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	config, err := c.addJSON(ocispec.MediaTypeImageConfig, ocispec.Image{
		Created:  &s.at,
		Platform: ocispec.Platform{OS: "linux", Architecture: arch},
		Config:   ocispec.ImageConfig{User: containerUser, Entrypoint: []string{"/coder-ha"}, Labels: s.about()},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(unpacked)}},
		History:  []ocispec.History{{Created: &s.at, CreatedBy: "make package"}},
	})
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return c.addJSON(ocispec.MediaTypeImageManifest, ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Config: config,
		Layers: []ocispec.Descriptor{c.add(ocispec.MediaTypeImageLayerGzip, layer)}, Annotations: s.about(),
	})
}

// about is what registries show of the image.
func (s source) about() map[string]string {
	return map[string]string{
		ocispec.AnnotationTitle:       "coder-ha",
		ocispec.AnnotationDescription: "helm coder-ha and its agent, for checks from within a cluster",
		ocispec.AnnotationVersion:     s.version,
		ocispec.AnnotationLicenses:    "Apache-2.0",
		ocispec.AnnotationCreated:     s.at.Format(time.RFC3339),
	}
}

// agent is the program of the agent, as the plugin has it in itself.
func (s source) agent(arch string) ([]byte, error) {
	path := filepath.Join(s.root, "plugin", "internal", "agent", "embedded", "bin", "agent-linux-"+arch+".gz")
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the agent: %w", err)
	}
	return unzip(packed)
}

// agentBOM adds the bill of materials of an agent.
func (s source) agentBOM(r *release, arch string, agent []byte) error {
	dir, err := os.MkdirTemp("", "coder-ha-agent-")
	if err != nil {
		return fmt.Errorf("make a folder for the agent: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "agent")
	if err := os.WriteFile(path, agent, 0o755); err != nil {
		return fmt.Errorf("write the agent: %w", err)
	}
	text, err := s.bom(path)
	if err != nil {
		return err
	}
	r.add(fmt.Sprintf("coder-ha-agent-%s-linux-%s.cdx.json", s.version, arch), text)
	return nil
}

func unzip(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// write puts the image into an OCI layout of its own, whose only entry is the index. A
// store of the library would list the images of the platforms beside it.
func (c *container) write(ctx context.Context, dir, tag string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	storage, err := oci.NewStorage(dir)
	if err != nil {
		return err
	}
	for _, b := range c.blobs {
		if err := storage.Push(ctx, b.Descriptor, bytes.NewReader(b.text)); err != nil {
			return fmt.Errorf("write %s: %w", b.Digest, err)
		}
	}
	entry := c.index
	entry.Annotations = map[string]string{ocispec.AnnotationRefName: tag}
	for name, value := range map[string]any{
		ocispec.ImageLayoutFile: ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion},
		ocispec.ImageIndexFile: ocispec.Index{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{entry},
		},
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
