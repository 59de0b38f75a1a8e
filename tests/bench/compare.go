package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// contender is one program and what its runs took.
type contender struct {
	name    string
	command command.Command
	// stdin is a file that is piped to it, empty for none.
	stdin string
	// code is the exit code to expect.
	code int
	// start is the program without work, nil where nobody asks.
	start *contender
	took  []time.Duration
	// peak is the most memory of each run, in bytes.
	peak []int64
}

// compare runs the programs in turn, and prints what they took.
func compare(ctx context.Context, contenders []*contender, runs int) error {
	fmt.Printf("%d runs of each, in turn, after one that is not counted\n\n", runs)
	for i := range runs + 1 {
		for _, c := range contenders {
			result, err := c.run(ctx)
			if err != nil {
				return err
			}
			if result.Code != c.code {
				return fmt.Errorf("%s ended with %d: %s", c.name, result.Code, result.Stderr)
			}
			if i > 0 {
				c.took, c.peak = append(c.took, result.Took), append(c.peak, result.Peak)
			}
		}
	}
	return show(contenders)
}

// run runs the program once. What it prints is thrown away.
func (c *contender) run(ctx context.Context) (command.Result, error) {
	program := c.command
	program.Quiet = true
	if c.stdin == "" {
		return program.Run(ctx)
	}
	file, err := os.Open(c.stdin)
	if err != nil {
		return command.Result{}, err
	}
	defer func() { _ = file.Close() }()
	// Not the file itself, but a pipe, as behind another program.
	program.Stdin = bufio.NewReader(file)
	return program.Run(ctx)
}

// show prints the table. The first contender is what the others are compared with.
func show(contenders []*contender) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tmin ms\tmedian ms\tmax ms\tratio of medians\tpeak MiB\tratio\t")
	for _, c := range contenders {
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.1f\t%.2f\t%.1f\t%.2f\t\n", c.name, ms(slices.Min(c.took)),
			ms(median(c.took)), ms(slices.Max(c.took)), timeOf(c)/timeOf(contenders[0]), spaceOf(c)/(1<<20), spaceOf(c)/spaceOf(contenders[0]))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}

// quantity is what is compared.
type quantity struct {
	name string
	// of is what one run took of it.
	of func(c *contender, run int) float64
}

var (
	elapsed = quantity{"time", func(c *contender, run int) float64 { return float64(c.took[run]) }}
	memory  = quantity{"memory", func(c *contender, run int) float64 { return float64(c.peak[run]) }}
	added   = quantity{"memory beyond its start", func(c *contender, run int) float64 {
		return float64(c.peak[run] - c.start.peak[run])
	}}
)

// within says whether the second contender keeps to a goal, in times of the first. Each
// run is compared with the one beside it, for a busy machine slows both down.
func within(contenders []*contender, q quantity, goal float64) error {
	ratios := make([]float64, len(contenders[0].took))
	for run := range ratios {
		ratios[run] = q.of(contenders[1], run) / q.of(contenders[0], run)
	}
	got := median(ratios)
	fmt.Printf("\n%s takes %.2f times the %s of %s, run by run; the goal is at most %.2f\n", contenders[1].name, got, q.name, contenders[0].name, goal)
	if got > goal {
		return fmt.Errorf("%w: %s of %s", errMissed, q.name, contenders[1].name)
	}
	return nil
}

func timeOf(c *contender) float64 { return float64(median(c.took)) }

func spaceOf(c *contender) float64 { return float64(median(c.peak)) }

// median is the middle of the figures, the upper one of two middles.
func median[T int64 | float64 | time.Duration](figures []T) T {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
