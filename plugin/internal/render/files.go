package render

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/systemd"
)

// File is a file to be written.
type File struct {
	// Name is relative to the folder of all of them, with slashes.
	Name string
	Text string
	// Secret says that it holds the database URL: only its owner may read it.
	Secret bool
}

// A Format is a way to write a plan.
type Format string

// The formats.
const (
	Table      Format = "table"
	Env        Format = "env"
	Systemd    Format = "systemd"
	Compose    Format = "compose"
	Kubernetes Format = "kubernetes"
	CloudInit  Format = "cloud-init"
)

// Formats are all of them, the default first.
func Formats() []string {
	return []string{string(Table), string(Env), string(Systemd), string(Compose), string(Kubernetes), string(CloudInit)}
}

// writers are the formats that make files.
var writers = map[Format]func(Plan) ([]File, error){
	Table:      func(p Plan) ([]File, error) { return []File{{Name: "table.txt", Text: p.Table()}}, nil },
	Env:        Plan.envFiles,
	Systemd:    Plan.systemdFiles,
	Compose:    Plan.composeFiles,
	Kubernetes: Plan.kubernetesFiles,
	CloudInit:  Plan.cloudInitFiles,
}

var errFormat = errors.New("no such format")

// Files are the files of a plan in a format.
func (p Plan) Files(f Format) ([]File, error) {
	write, known := writers[f]
	if !known {
		return nil, fmt.Errorf("%w: %s", errFormat, f)
	}
	return write(p)
}

// EnvFile is the environment file of a host.
func (p Plan) EnvFile(n Node) (File, error) {
	var out strings.Builder
	out.WriteString("# " + EnvPath + " on " + n.Name + ", for systemd's EnvironmentFile=\n# The same on all hosts:\n")
	mine := false
	database := func() error {
		if p.PostgresURL == "" {
			out.WriteString("# " + coder.PostgresURL + " is in " + SecretsFile + ", byte for byte the same on all hosts.\n")
			return nil
		}
		return put(&out, Line{coder.PostgresURL, p.PostgresURL})
	}
	for _, line := range p.Lines(n) {
		if own(line.Name) == 1 && !mine {
			mine = true
			if err := database(); err != nil {
				return File{}, err
			}
			out.WriteString("# Of this host alone:\n")
		}
		if err := put(&out, line); err != nil {
			return File{}, err
		}
	}
	if !mine {
		if err := database(); err != nil {
			return File{}, err
		}
	}
	return File{Name: n.Name + ".env", Text: out.String(), Secret: true}, nil
}

func put(out *strings.Builder, line Line) error {
	quoted, err := systemd.Quote(line.Text)
	if err != nil {
		return fmt.Errorf("%s: %w", line.Name, err)
	}
	out.WriteString(line.Name + "=" + quoted + "\n")
	return nil
}

func (p Plan) envFiles() ([]File, error) {
	var files []File
	for _, n := range p.Nodes {
		f, err := p.EnvFile(n)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// DropIn is what is added to the unit of Coder's package, on every host.
func (p Plan) DropIn() File {
	text := `# ` + DropInPath + ` on every host
[Service]
# A long migration takes longer than systemd's 90 seconds.
TimeoutStartSec=infinity
# coderd waits up to 30 minutes for the builds of its own provisioners; for SIGINT,
# which the unit of Coder's package sends, it cancels them.
KillSignal=SIGTERM
TimeoutStopSec=31min
`
	if p.PostgresURL == "" {
		text += "# " + coder.PostgresURL + "=..., byte for byte the same on all hosts, mode 0600.\nEnvironmentFile=" + SecretsFile + "\n"
	}
	return File{Name: "coder.service.d/" + path.Base(DropInPath), Text: text}
}

func (p Plan) systemdFiles() ([]File, error) {
	files, err := p.envFiles()
	if err != nil {
		return nil, err
	}
	return append(files, p.DropIn()), nil
}
