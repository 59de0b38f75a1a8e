package chart

import "fmt"

// DryRun says whether templates ask the cluster, as --dry-run of Helm says it.
type DryRun bool

// The two ways to render.
const (
	// DryRunClient renders without a cluster: a lookup finds nothing.
	DryRunClient DryRun = false
	// DryRunServer renders with the lookups and capabilities of the cluster.
	DryRunServer DryRun = true
)

// dryRuns are the values that `helm template --dry-run` of Helm 3 takes. It
// asks the cluster for "none" and "false" too, for they stand for an install.
var dryRuns = map[string]DryRun{
	"client": DryRunClient, "true": DryRunClient, "": DryRunClient,
	"server": DryRunServer, "none": DryRunServer, "false": DryRunServer,
}

// DryRuns are the values to choose from.
func DryRuns() []string { return []string{"client", "server"} }

// String is the value of the flag.
func (d *DryRun) String() string {
	if d != nil && *d == DryRunServer {
		return "server"
	}
	return "client"
}

// Set reads the value of the flag.
func (d *DryRun) Set(text string) error {
	run, ok := dryRuns[text]
	if !ok {
		return fmt.Errorf("use client or server")
	}
	*d = run
	return nil
}

// Type is the word for the value in the help.
func (*DryRun) Type() string { return "string" }
