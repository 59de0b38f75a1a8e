// Command screen draws what the plugin prints about the values of the demo, for the
// first page of the manual: once for a light and once for a dark page. It runs the
// plugin that `make build` has built.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
	"time"
)

//go:embed screen.svg.tmpl
var drawing string

// colors of a page; those of the texts stand under the parameters by which a terminal
// knows them.
type colors struct {
	Page, Edge, Text string
	painted          map[string]string
}

var pages = map[string]colors{
	"light": {Page: "#f6f8fa", Edge: "#8c959f", Text: "#1f2328", painted: map[string]string{"31": "#b3141d", "32": "#116329", "33": "#7a4a00", "34": "#0550ae", "2": "#59636e"}},
	"dark":  {Page: "#161b22", Edge: "#6e7681", Text: "#e6edf3", painted: map[string]string{"31": "#ff8f87", "32": "#56d364", "33": "#e3b341", "34": "#79c0ff", "2": "#9fa7b0"}},
}

// command is what the screen shows.
const command = "helm coder-ha validate -n coder -f values.yaml"

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: screen FOLDER, from the root of the repository")
	}
	if err := draw(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func draw(dir string) error {
	printed, err := run("bin/coder-ha", "tests/demo/relay-is-access-url.yaml")
	if err != nil {
		return err
	}
	lines, err := shown(printed)
	if err != nil {
		return err
	}
	t, err := template.New("screen").Parse(drawing)
	if err != nil {
		return err
	}
	for page, c := range pages {
		file, err := os.Create(filepath.Join(dir, "screen-"+page+".svg"))
		if err != nil {
			return err
		}
		if err := errors.Join(t.Execute(file, pictureOf(lines, c)), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// run runs the command of the screen in a folder of its own and in an environment in
// which it finds nothing else: no cluster, no database.
func run(plugin, values string) (string, error) {
	path, err := filepath.Abs(plugin)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(values)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "screen-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(filepath.Join(dir, "values.yaml"), text, 0o600); err != nil {
		return "", err
	}
	ctx, end := context.WithTimeout(context.Background(), time.Minute)
	defer end()
	cmd := exec.CommandContext(ctx, path, "validate", "-n", "coder", "-f", "values.yaml", "--color", "always")
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "KUBECONFIG=" + filepath.Join(dir, "none")}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		return "", fmt.Errorf("%s ended with %w; the screen shows exit code 1", command, err)
	}
	return string(out), nil
}
