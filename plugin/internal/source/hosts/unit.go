package hosts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/systemd"
)

// unit is what the unit of a host and its drop-ins say, in their order.
type unit struct {
	// name is that of the unit: "coder.service".
	name       string
	directives []directive
	// whole says that the unit itself is among them, and not only drop-ins.
	whole bool
}

// directive is a line of a file.
type directive struct {
	systemd.Directive
	file string
}

const (
	serviceExtension = ".service"
	dropInExtension  = ".conf"
	dropInFolder     = ".service.d"
	usualUnit        = "coder.service"
)

// units reads what --unit names, for all hosts or for one.
func (o Options) units(ctx context.Context, nodes []*node) error {
	for _, arg := range o.Units {
		of, path := nodes, arg
		if name, file, ok := strings.Cut(arg, "="); ok {
			at := slices.IndexFunc(nodes, func(n *node) bool { return n.name == name })
			if at < 0 {
				return fmt.Errorf("--unit %s: there is no host %s among those that are described", arg, name)
			}
			of, path = nodes[at:at+1], file
		}
		files, err := unitFiles(path)
		if err != nil {
			return fmt.Errorf("--unit: %w", err)
		}
		for _, file := range files {
			content, err := readUnit(ctx, file)
			if err != nil {
				return fmt.Errorf("--unit: %w", err)
			}
			directives, err := systemd.ParseUnit(content)
			if err != nil {
				return fmt.Errorf("--unit %s: %w", file, err)
			}
			for _, n := range of {
				n.unit.add(file, directives)
			}
		}
	}
	return nil
}

// unitFiles are the file itself, or the drop-ins of a folder in systemd's order.
func unitFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	files, err := filepath.Glob(filepath.Join(path, "*"+dropInExtension))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: it has no drop-ins (*%s)", path, dropInExtension)
	}
	return files, nil
}

func (u *unit) add(file string, directives []systemd.Directive) {
	switch base, folder := filepath.Base(file), filepath.Base(filepath.Dir(file)); {
	case strings.HasSuffix(base, serviceExtension):
		u.name, u.whole = base, true
	case strings.HasSuffix(folder, dropInFolder):
		u.name = strings.TrimSuffix(folder, ".d")
	case u.name == "":
		u.name = usualUnit
	}
	for _, d := range directives {
		if d.Section == "Service" {
			u.directives = append(u.directives, directive{d, file})
		}
	}
}

func (d directive) origin(host string) deployment.Origin {
	return deployment.Origin{Kind: kind, Name: host, Field: d.Name, File: d.file, Line: d.Line}
}

// last is the directive of a name that counts; ok is false where there is none, or
// where an empty one takes it back.
func (u unit) last(names ...string) (d directive, ok bool) {
	for _, candidate := range slices.Backward(u.directives) {
		if slices.Contains(names, candidate.Name) {
			return candidate, candidate.Text != ""
		}
	}
	return directive{}, false
}

// all are the directives of a name, behind the last empty one, which takes back
// those before it.
func (u unit) all(name string) []directive {
	var out []directive
	for _, d := range u.directives {
		switch {
		case d.Name != name:
		case d.Text == "":
			out = nil
		default:
			out = append(out, d)
		}
	}
	return out
}

// usualEnvFile is that of the unit of Coder's package
// (coder/coder scripts/linux-pkg/coder.service).
const usualEnvFile = "/etc/coder.d/coder.env"

// environmentFiles are the environment files that the unit names. A drop-in alone
// adds to that of Coder's package, unless it takes it back.
func (u unit) environmentFiles() []directive {
	named := u.all("EnvironmentFile")
	reset := slices.ContainsFunc(u.directives, func(d directive) bool { return d.Name == "EnvironmentFile" && d.Text == "" })
	if u.whole || reset || len(u.directives) == 0 {
		return named
	}
	usual := directive{systemd.Directive{Section: "Service", Name: "EnvironmentFile", Text: usualEnvFile}, u.name}
	return append([]directive{usual}, named...)
}

// model is what verdicts rest on; nil where no unit was given.
func (u unit) model() *deployment.Unit {
	if len(u.directives) == 0 && !u.whole {
		return nil
	}
	setting := func(names ...string) deployment.UnitSetting {
		d, ok := u.last(names...)
		if !ok {
			return deployment.UnitSetting{}
		}
		return deployment.UnitSetting{Text: d.Text, Origin: d.origin("")}
	}
	m := &deployment.Unit{
		Type: setting("Type"), KillSignal: setting("KillSignal"),
		TimeoutStart: setting("TimeoutStartSec", "TimeoutSec"), TimeoutStop: setting("TimeoutStopSec", "TimeoutSec"),
		Partial: !u.whole,
	}
	if len(u.directives) > 0 {
		m.Origin = u.directives[0].origin("")
		m.Origin.Line = 0
	}
	return m
}

// errProgram says that a unit runs something else than coderd itself.
var errProgram = errors.New("it does not start coder itself")

// arguments are the words behind the name of the program that the unit starts, and
// the directive that has them; nil where no unit says. An error says why they are
// not known.
func (u unit) arguments(specifiers systemd.Specifiers) (words []string, at directive, err error) {
	at, ok := u.last("ExecStart")
	if !ok {
		return nil, at, nil
	}
	text := strings.TrimLeft(at.Text, "@-:+!")
	all, err := systemd.Words(text)
	if err != nil || len(all) == 0 {
		return nil, at, fmt.Errorf("its ExecStart cannot be read")
	}
	for i := range all {
		expanded, unknown, ok := specifiers.Expand(all[i])
		if unknown != "" || !ok || strings.Contains(strings.ReplaceAll(expanded, "$$", ""), "$") {
			return nil, at, fmt.Errorf("its ExecStart has a part that only the host knows")
		}
		all[i] = strings.ReplaceAll(expanded, "$$", "$")
	}
	if filepath.Base(all[0]) != "coder" {
		return nil, at, errProgram
	}
	return all[1:], at, nil
}
