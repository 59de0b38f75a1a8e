package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/coder-ha/coder-ha/tests/e2e/load"
)

// figureTable collects what the tests measure.
type figureTable struct {
	// kubernetes is the API server's version, nodes how many it has; coder is
	// what took coderd's place.
	kubernetes, coder string
	nodes             int

	mu      sync.Mutex
	traffic []string
	times   []string
}

// describe notes what the figures are taken from.
func (f *figureTable) describe(ctx context.Context, client kubernetes.Interface) error {
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("asking for the cluster's version: %w", err)
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("counting the cluster's nodes: %w", err)
	}
	f.kubernetes, f.nodes, f.coder = version.GitVersion, len(nodes.Items), "a stand-in for coderd"
	if image := os.Getenv("E2E_CODER_IMAGE"); image != "" {
		f.coder = "the image " + strings.TrimPrefix(image, "docker.io/")
	}
	return nil
}

// request adds what became of requests during an event.
func (f *figureTable) request(workload, event string, r load.Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kinds := make([]string, 0, len(r.Kinds))
	for kind, n := range r.Kinds {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, kind))
	}
	slices.Sort(kinds)
	clean := "-"
	if r.Errors > 0 {
		clean = seconds(r.LastError)
	}
	f.traffic = append(f.traffic, fmt.Sprintf("| %s | %s | %d | %d | %s | %s | %s | %s |",
		workload, event, r.Requests, r.Errors, strings.Join(kinds, ", "), seconds(r.LongestGap), clean, seconds(r.Elapsed)))
}

// duration adds how long something took.
func (f *figureTable) duration(workload, what string, d time.Duration) {
	f.durationText(workload, what, seconds(d))
}

// durationText is duration for what has no end.
func (f *figureTable) durationText(workload, what, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times = append(f.times, fmt.Sprintf("| %s | %s | %s |", workload, what, text))
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// write gives the table to the output and to a file.
func (f *figureTable) write() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.traffic)+len(f.times) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Figures of one end-to-end run\n\nWritten by `make e2e`; [what users notice, measured](availability.md) explains them.\n\n"+
		"%s, on %d CPUs: Kubernetes %s on %d nodes, %s.\n\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), f.kubernetes, f.nodes, f.coder)
	if len(f.traffic) > 0 {
		b.WriteString("| Workload | Event | Requests | Failed | How | Longest gap | Last failed request sent after | Observed |\n|---|---|---|---|---|---|---|---|\n")
		b.WriteString(strings.Join(f.traffic, "\n") + "\n\n")
	}
	if len(f.times) > 0 {
		b.WriteString("| Workload | What | Took |\n|---|---|---|\n")
		b.WriteString(strings.Join(f.times, "\n") + "\n")
	}
	fmt.Print("\n" + b.String())
	path := os.Getenv("E2E_FIGURES")
	if path == "" {
		path = filepath.Join(root, ".cache", "e2e", "figures.md")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}
