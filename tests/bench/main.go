// Command bench times `coder-ha validate`, which renders a chart and makes every
// check, against `helm template` of the same chart, as whole processes. The runs
// alternate, so that what else the machine does hits both alike.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// goal is the most that validate may take, in times of helm template.
const goal = 1.0

var errMissed = errors.New("the goal is missed")

func main() {
	runs := flag.Int("runs", 31, "measured runs of each program")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := bench(ctx, *runs)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// contender is one program and the times of its runs.
type contender struct {
	name    string
	command command.Command
	took    []time.Duration
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
	contenders, err := contenders(ctx, home)
	if err != nil {
		return err
	}

	fmt.Printf("%d runs of each, in turn, after one that is not counted\n\n", runs)
	for i := range runs + 1 {
		for _, c := range contenders {
			result, err := c.command.Run(ctx)
			if err != nil {
				return err
			}
			if result.Code != 0 {
				return fmt.Errorf("%s ended with %d: %s%s", c.name, result.Code, result.Stdout, result.Stderr)
			}
			if i > 0 {
				c.took = append(c.took, result.Took)
			}
		}
	}
	return show(contenders)
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

// show prints the table; the goal binds the second contender.
func show(contenders []*contender) error {
	base := median(contenders[0].took)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tmin ms\tmedian ms\tmax ms\tratio of medians\t")
	for _, c := range contenders {
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.1f\t%.2f\t\n", c.name, ms(slices.Min(c.took)),
			ms(median(c.took)), ms(slices.Max(c.took)), ratio(median(c.took), base))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	got := ratio(median(contenders[1].took), base)
	fmt.Printf("\n%s takes %.2f times %s; the goal is at most %.2f\n", contenders[1].name, got, contenders[0].name, goal)
	if got > goal {
		return errMissed
	}
	return nil
}

// median is the middle of the times, the upper one of two middles.
func median(took []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
