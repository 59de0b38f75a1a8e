// Command bench times `coder-ha validate`, which makes every check, as a whole process:
// on a chart against `helm template`, which only renders it, and on the manifests of a
// whole cluster against kube-score, which judges them by other checks. The runs
// alternate, so that what else the machine does hits both alike.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// The most that validate may take, in times of what it is compared with.
const (
	helmTime       = 1.0
	kubeScoreTime  = 1.0
	kubeScoreSpace = 2.0
)

// stream is what kube-score and the plugin both read.
type stream struct {
	of        string
	manifests int
	write     func(out *bufio.Writer, coder string, manifests int)
	// space is the memory that has the goal.
	space quantity
}

// streams are those to compare on. A small one that kube-score hardly judges takes it
// little more than its start, and the plugin starts with Helm: a program that only
// links what of Helm finds and renders charts has 32 MiB resident before its first
// line, where kube-score has 10 MiB. There the goal is for what the stream adds.
var streams = []stream{
	{"manifests of a whole cluster", 10_000, cluster, memory},
	{"manifests, nearly all of them ConfigMaps", 10_000, configMaps, added},
	{"manifests, nearly all of them ConfigMaps", 50_000, configMaps, memory},
}

var errMissed = errors.New("a goal is missed")

func main() {
	runs := flag.Int("runs", 31, "measured runs of each program on the chart, and a sixth of them on each stream")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := bench(ctx, *runs)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, runs int) error {
	if runs < 1 {
		return errors.New("-runs must be at least 1")
	}
	home, err := os.MkdirTemp("", "coder-ha-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for Helm: %w", err)
	}
	defer func() { _ = os.RemoveAll(home) }()
	onChart, err := contenders(ctx, home)
	if err != nil {
		return err
	}
	if err := compare(ctx, onChart, runs); err != nil {
		return err
	}
	errs := []error{within(onChart, elapsed, helmTime)}

	coder, err := rendered(ctx, home)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		path := filepath.Join(home, "stream.yaml")
		size, err := writeStream(path, func(out *bufio.Writer) { stream.write(out, coder, stream.manifests) })
		if err != nil {
			return err
		}
		fmt.Printf("\n%d %s, %.1f MiB, as kustomize writes them\n", stream.manifests, stream.of, float64(size)/(1<<20))
		onStream, err := streamContenders(home, path)
		if err != nil {
			return err
		}
		if err := compare(ctx, onStream, runs/6+1); err != nil {
			return err
		}
		errs = append(errs, within(onStream, elapsed, kubeScoreTime), within(onStream, stream.space, kubeScoreSpace))
	}
	return errors.Join(errs...)
}

// contenders are helm template, which the others are compared with, and the
// plugin alone and under Helm.
func contenders(ctx context.Context, home string) ([]*contender, error) {
	helm, err := checkout.Helm3()
	if err != nil {
		return nil, err
	}
	plugin, err := checkout.Plugin()
	if err != nil {
		return nil, err
	}
	dir, err := checkout.PluginDir()
	if err != nil {
		return nil, err
	}
	chart, err := checkout.Path("charts/coder")
	if err != nil {
		return nil, err
	}
	values, err := checkout.Path("tests/bench/values.yaml")
	if err != nil {
		return nil, err
	}

	env := command.Environment(home)
	install, err := command.Command{Path: helm, Args: []string{"plugin", "install", dir}, Env: env}.Run(ctx)
	if err != nil || install.Code != 0 {
		return nil, fmt.Errorf("install the plugin: %w%s", err, install.Stderr)
	}
	work := filepath.Join(home, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder to work in: %w", err)
	}
	of := func(name, path string, args ...string) *contender {
		return &contender{name: name, command: command.Command{Path: path, Args: args, Dir: work, Env: env}}
	}
	return []*contender{
		of("helm template", helm, "template", "coder", chart, "-f", values),
		of("coder-ha validate", plugin, "validate", chart, "-f", values, "-o", "json"),
		of("helm coder-ha validate", helm, "coder-ha", "validate", chart, "-f", values, "-o", "json"),
	}, nil
}

// rendered are the manifests of Coder, as the chart renders them.
func rendered(ctx context.Context, home string) (string, error) {
	helm, err := checkout.Helm3()
	if err != nil {
		return "", err
	}
	chart, err := checkout.Path("charts/coder")
	if err != nil {
		return "", err
	}
	values, err := checkout.Path("tests/bench/values.yaml")
	if err != nil {
		return "", err
	}
	args := []string{"template", "coder", chart, "-n", "coder", "-f", values, "--no-hooks"}
	result, err := command.Command{Path: helm, Args: args, Env: command.Environment(home)}.Run(ctx)
	if err != nil || result.Code != 0 {
		return "", fmt.Errorf("render the chart: %w%s", err, result.Stderr)
	}
	return result.Stdout, nil
}

// writeStream writes a file bit by bit: what this program has in memory counts as the
// least peak of those that it starts.
func writeStream(path string, write func(out *bufio.Writer)) (size int64, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(file)
	write(out)
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		return 0, fmt.Errorf("write the stream: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// streamContenders are kube-score and the plugin on a stream, and their bare starts.
func streamContenders(home, stream string) ([]*contender, error) {
	plugin, err := checkout.Plugin()
	if err != nil {
		return nil, err
	}
	score, err := checkout.KubeScore()
	if err != nil {
		return nil, err
	}
	of := func(path string, args ...string) *contender {
		name := filepath.Base(path) + " " + args[0]
		return &contender{name: name, command: command.Command{Path: path, Args: args, Dir: home, Env: command.Environment(home)}}
	}
	judged, checked := of(score, "score", "-"), of(plugin, "validate", "-n", "coder", "--manifest", "-", "-o", "json")
	judged.stdin, checked.stdin = stream, stream
	// It has something to say of most manifests.
	judged.code = 1
	judged.start, checked.start = of(score, "version"), of(plugin, "version")
	return []*contender{judged, checked, judged.start, checked.start}, nil
}
