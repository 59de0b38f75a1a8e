package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plugin adds the archives of the plugin: for Helm 4 one folder, signed, and for
// Helm 3 flat, with the program that is the post-renderer there. Each comes for all
// platforms and for each of them alone, which is a smaller download. What stands
// before the version is the folder into which both Helms put the plugin.
func (s source) plugin(r *release, platforms []string) error {
	for _, platform := range platforms {
		if err := s.pluginFor(r, "-"+platform, platform); err != nil {
			return err
		}
		bom, err := s.bom(filepath.Join(s.root, "plugin", "bin", program(platform)))
		if err != nil {
			return err
		}
		r.add(fmt.Sprintf("coder-ha-%s-%s.cdx.json", s.version, platform), bom)
	}
	if err := s.pluginFor(r, "", platforms...); err != nil {
		return err
	}
	return s.postRenderer(r)
}

// pluginFor adds the archives that hold the programs of some platforms.
func (s source) pluginFor(r *release, suffix string, platforms ...string) error {
	about, err := s.pluginYAML(platforms)
	if err != nil {
		return err
	}
	entries, err := s.entries(
		file{from: "LICENSE"},
		file{from: "plugin/plugin.complete", name: "plugin.complete", mode: 0o755},
	)
	if err != nil {
		return err
	}
	entries = append(entries, entry{"plugin.yaml", about, 0o644})
	for _, platform := range platforms {
		programs, err := s.entries(file{from: "plugin/bin/" + program(platform), name: "bin/" + program(platform), mode: 0o755})
		if err != nil {
			return err
		}
		entries = append(entries, programs...)
	}
	name := "coder-ha-" + s.version
	text, err := archive("coder-ha", entries, s.at)
	if err != nil {
		return err
	}
	if err := r.addSigned(name+suffix+".tgz", text, about); err != nil {
		return err
	}
	renderer, err := s.entries(file{from: "plugin/postrenderer/post-renderer", name: "postrenderer/post-renderer", mode: 0o755})
	if err != nil {
		return err
	}
	if text, err = archive("", append(entries, renderer...), s.at); err != nil {
		return err
	}
	r.add(name+"-helm3"+suffix+".tgz", text)
	return nil
}

// postRenderer adds the second plugin, for Helm 4.
func (s source) postRenderer(r *release) error {
	entries, err := s.entries(
		file{from: "LICENSE"},
		file{from: "plugin/postrenderer/plugin.yaml", name: "plugin.yaml"},
		file{from: "plugin/postrenderer/post-renderer", name: "post-renderer", mode: 0o755},
	)
	if err != nil {
		return err
	}
	if !bytes.Contains(entries[1].text, []byte("\nversion: "+s.version+"\n")) {
		return fmt.Errorf("plugin/postrenderer/plugin.yaml has not the version %s of plugin/plugin.yaml", s.version)
	}
	text, err := archive("coder-ha-inject", entries, s.at)
	if err != nil {
		return err
	}
	return r.addSigned(fmt.Sprintf("coder-ha-inject-%s.tgz", s.version), text, entries[1].text)
}

// program is the file name of the program of a platform.
func program(platform string) string {
	if strings.HasPrefix(platform, "windows-") {
		platform += ".exe"
	}
	return "coder-ha-" + platform
}

// file is one of the repository, with its name and mode in an archive. Without a
// name it keeps its own, and without a mode it can be read only.
type file struct {
	from, name string
	mode       int64
}

func (s source) entries(files ...file) ([]entry, error) {
	entries := make([]entry, 0, len(files))
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(f.from)))
		if err != nil {
			return nil, fmt.Errorf("read what goes into the archive: %w", err)
		}
		if f.name == "" {
			f.name = f.from
		}
		if f.mode == 0 {
			f.mode = 0o644
		}
		entries = append(entries, entry{f.name, text, f.mode})
	}
	return entries, nil
}

// pluginYAML is plugin.yaml with the commands of these platforms only, so that Helm
// says on any other that the plugin has none for it.
func (s source) pluginYAML(platforms []string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.root, "plugin", "plugin.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read about the plugin: %w", err)
	}
	var about yaml.Node
	if err := yaml.Unmarshal(text, &about); err != nil {
		return nil, fmt.Errorf("read plugin/plugin.yaml: %w", err)
	}
	commands := under(&about, "platformCommand")
	if commands == nil {
		return nil, errors.New("plugin/plugin.yaml has no platformCommand")
	}
	commands.Content = slices.DeleteFunc(commands.Content, func(command *yaml.Node) bool {
		var on struct{ OS, Arch string }
		return command.Decode(&on) != nil || !slices.Contains(platforms, on.OS+"-"+on.Arch)
	})
	if len(commands.Content) != len(platforms) {
		return nil, errors.New("plugin/plugin.yaml has not one command for each of " + strings.Join(platforms, " "))
	}
	out, err := yaml.Marshal(&about)
	if err != nil {
		return nil, fmt.Errorf("write about the plugin: %w", err)
	}
	return out, nil
}

// under is the value of a key at the top of a document.
func under(document *yaml.Node, key string) *yaml.Node {
	pairs := document.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i].Value == key {
			return pairs[i+1]
		}
	}
	return nil
}
