package hosts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/systemd"
)

// envFile is an environment file that was given for a host.
type envFile struct {
	path   string
	parsed systemd.EnvFile
	faults []deployment.EnvFault
	// lost says that systemd does not start the service, so that nothing of the
	// file counts.
	lost string
}

// add reads an environment file of the host. Only a file that is there and cannot
// be read is an error: one that is missing is a finding.
func (n *node) add(ctx context.Context, path string) error {
	content, err := readEnvFile(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		n.files = append(n.files, envFile{path: path, lost: "which is not there", faults: []deployment.EnvFault{{
			Message: "the environment file is missing", Observed: "no such file", Expected: "the settings of coderd",
			Remedy: "Write the file. systemd does not start a unit whose EnvironmentFile is missing.",
		}}})
		return nil
	case err != nil:
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	n.take(path, content, info.Mode().Perm())
	return nil
}

// take takes the content of an environment file.
func (n *node) take(path string, content []byte, mode fs.FileMode) {
	f := envFile{path: path}
	var err error
	if f.parsed, err = systemd.ParseEnvFile(content); err != nil {
		f.lost = "which systemd cannot read"
		f.faults = append(f.faults, unreadable(err))
	}
	if len(content) == 0 {
		f.faults = append(f.faults, deployment.EnvFault{
			Message: "the environment file is empty, so systemd skips the unit (ConditionFileNotEmpty)", Observed: "0 bytes", Expected: "the settings of coderd",
			Remedy: "Write the settings of coderd into the file.",
		})
	}
	for _, r := range f.parsed.Remarks {
		f.faults = append(f.faults, fault(r))
	}
	f.faults = append(f.faults, unexpanded(f.parsed)...)
	if exposed := f.exposed(mode); exposed != nil {
		f.faults = append(f.faults, *exposed)
	}
	n.files = append(n.files, f)
}

// unreadable is the fault for which systemd does not start the service.
func unreadable(err error) deployment.EnvFault {
	f := deployment.EnvFault{
		Message: "systemd does not start the unit: the environment file is not text", Observed: err.Error(), Expected: "text in UTF-8",
		Remedy: "Save the file as plain text in UTF-8.",
	}
	if at, ok := errors.AsType[*systemd.UTF8Error](err); ok {
		f.Line, f.Observed = at.Line, systemd.ErrUTF8.Error()
	}
	return f
}

// fault says what is wrong with a line.
func fault(r systemd.Remark) deployment.EnvFault {
	name := r.Name
	if name == "" {
		name = "NAME"
	}
	switch r.Kind {
	case systemd.Export:
		return deployment.EnvFault{
			Line: r.Line, Message: "systemd ignores the line, because it begins with export", Observed: "export " + name, Expected: name + "=VALUE",
			Remedy: "Remove the word export: an environment file of systemd is not a shell script.",
		}
	case systemd.OpenQuote:
		return deployment.EnvFault{
			Line: r.Line, Message: "a quote is not closed, so all that follows it is part of " + name, Observed: "a quote without its end", Expected: "a closing quote",
			Remedy: "Close the quote at the end of the value, or write \\\" for a quote that is part of it.",
		}
	case systemd.ContinuedComment:
		return deployment.EnvFault{
			Line: r.Line, Message: "the comment ends with a backslash: systemd before 254 takes the next line for a part of it", Observed: "a backslash at the end of a comment", Expected: "a comment without it",
			Remedy: "Remove the backslash at the end of the comment.", Depends: true,
		}
	case systemd.InvalidName:
		return deployment.EnvFault{
			Line: r.Line, Message: "systemd ignores the line: what stands before the equal sign is not the name of a variable", Observed: "a name that systemd does not take", Expected: "letters, digits and underscores",
			Remedy: "Write the line as NAME=VALUE, without a byte order mark, spaces or dashes in the name.",
		}
	default:
		return deployment.EnvFault{
			Line: r.Line, Message: "systemd ignores the line: it has no equal sign", Observed: "a line without =", Expected: "NAME=VALUE, or a # before a comment",
			Remedy: "Write the line as NAME=VALUE, or make it a comment with # at its beginning.",
		}
	}
}

// shellVariable is what a shell would expand.
var shellVariable = regexp.MustCompile(`\$(\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*)`)

// unexpanded finds what a shell would expand, and systemd does not. Any other value
// than an address may hold a dollar sign of its own, unless it names a variable of
// the file itself.
func unexpanded(f systemd.EnvFile) []deployment.EnvFault {
	own := map[string]bool{}
	for _, a := range f.Assignments {
		own[a.Name] = true
	}
	var faults []deployment.EnvFault
	for _, a := range f.Assignments {
		found := shellVariable.FindString(a.Text)
		name := strings.Trim(found, "${}")
		address := coder.Reads(a.Name) && !coder.IsSecret(a.Name)
		braces := strings.HasPrefix(found, "${")
		if found == "" || !address && (!own[name] || !braces) {
			continue
		}
		faults = append(faults, deployment.EnvFault{
			Line: a.Line, Message: "systemd does not expand variables in environment files, so " + a.Name + " holds " + found + " as it stands", Observed: found, Expected: "the value itself",
			Remedy: "Write the value of " + name + " in its place.",
		})
	}
	return faults
}

// exposed is the fault that everyone can read a file with a secret in it; nil where
// that is not so.
func (f envFile) exposed(mode fs.FileMode) *deployment.EnvFault {
	at := slices.IndexFunc(f.parsed.Assignments, func(a systemd.Assignment) bool {
		return a.Text != "" && coder.IsSecret(a.Name) && (a.Name != coder.PostgresURL || hasPassword(a.Text))
	})
	if at < 0 || runtime.GOOS == "windows" || mode&0o004 == 0 {
		return nil
	}
	return &deployment.EnvFault{
		Message:  fmt.Sprintf("everyone on this machine can read the file, which holds the secret %s", f.parsed.Assignments[at].Name),
		Observed: fmt.Sprintf("mode %04o", mode), Expected: "mode 0600 or 0640",
		Remedy: "Let only its owner and the group of the service read it: chmod o= " + f.path,
	}
}

// hasPassword says whether a database URL holds a password, or may.
func hasPassword(text string) bool {
	u, err := pgurl.Parse(text)
	return err != nil || u.HasPassword
}
