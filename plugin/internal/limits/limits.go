// Package limits says how much of what others wrote the plugin takes in, and
// reads it so. Each limit is far above what a real deployment needs and far below
// what would do harm to the machine of who runs this.
package limits

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unit is what a limit counts.
type Unit string

// The units. Sizes are in bytes, times in nanoseconds.
const (
	Bytes  Unit = "bytes"
	Levels Unit = "levels"
	Nodes  Unit = "values"
	Time   Unit = "time"
)

// Limit is the most that is taken of one kind of input.
type Limit struct {
	// Of names the kind of input, in the plural: "values files".
	Of   string
	Most int64
	Unit Unit
	// Why says where the number comes from.
	Why string
}

// What users name on the command line, and what lies beside it.
var (
	ValuesFile = Limit{"values files", 5 << 20, Bytes, "As much as Helm takes of one file of a chart."}
	SetFile    = Limit{"files of --set-file", 5 << 20, Bytes, "As much as Helm takes of one file of a chart."}
	Manifests  = Limit{"manifests", 16 << 20, Bytes, "A cluster stores at most 1.5 MiB of an object; a stream of this size has some thousand ordinary ones, and takes about 350 MiB of memory once it is read."}
	URLFile    = Limit{"files with a database URL", 64 << 10, Bytes, "A URL is one line; one with inline certificates takes a tenth of this."}
	Suppress   = Limit{".coder-ha.yaml files", 64 << 10, Bytes, "All ids of checks together take a twentieth of this."}
	EnvFile    = Limit{"environment files", 2 << 20, Bytes, "Linux starts no program with more environment."}
	UnitFile   = Limit{"systemd units", 1 << 20, Bytes, "Real ones have a few kilobytes."}
	Table      = Limit{"tables of hosts", 4 << 20, Bytes, "Ten thousand hosts fit."}
	Facts      = Limit{"facts files", 64 << 20, Bytes, "A thousand replicas take about a tenth of it."}
	Kubeconfig = Limit{"kubeconfigs", 8 << 20, Bytes, "One with a thousand clusters and their certificates fits."}
	PEM        = Limit{"certificate and key files", 4 << 20, Bytes, "The bundle of all public certificate authorities has a quarter of a megabyte."}
)

// What servers answer.
var (
	APIAnswer    = Limit{"answers of a Kubernetes API server", 32 << 20, Bytes, "A list of a thousand Secrets fits."}
	PostgresData = Limit{"answers of a Postgres server on one connection", 8 << 20, Bytes, "All questions together are answered with some kilobytes; two hundred rows of replicas take 200 KiB."}
	CoderAnswer  = Limit{"answers of coderd of one pod", 16 << 20, Bytes, "A health report with a thousand provisioners has some megabytes."}
	ReplicaData  = Limit{"answers of a replica or the access URL on one connection", 256 << 10, Bytes, "Headers and certificates take some kilobytes, and what follows is not needed."}
)

// Login is how long is waited for what takes no other notice of time.
var Login = Limit{"credential plugins of a kubeconfig, with the request that needs them", int64(30 * time.Second), Time, "A login in a browser is not waited for: log in before."}

// What a document may hold.
var (
	Depth = Limit{"YAML documents", 200, Levels, "The deepest definitions in use have about 40."}
	Size  = Limit{"YAML documents, with every alias written out,", 2_000_000, Nodes, "Ten times as much as the largest object that a cluster stores."}
)

// All are the limits, in the order of the documentation.
func All() []Limit {
	return []Limit{
		ValuesFile, SetFile, Manifests, URLFile, Suppress, EnvFile, UnitFile, Table, Facts, Kubeconfig, PEM,
		APIAnswer, PostgresData, CoderAnswer, ReplicaData, Login, Depth, Size,
	}
}

// Markdown is the table of the documentation.
func Markdown() string {
	var out strings.Builder
	out.WriteString("| Input | Limit | Why |\n|---|---|---|\n")
	for _, l := range All() {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", strings.TrimSuffix(l.Of, ","), l, l.Why)
	}
	return out.String()
}

// String is the limit for people: 5 MiB, 200 levels, 10s.
func (l Limit) String() string {
	switch l.Unit {
	case Bytes:
		return size(l.Most)
	case Time:
		return time.Duration(l.Most).String()
	default:
		return fmt.Sprintf("%d %s", l.Most, l.Unit)
	}
}

// size is a number of bytes in the largest unit of which it is a multiple.
func size(n int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return strconv.FormatInt(n/unit.bytes, 10) + " " + unit.name
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// ExceededError says that an input is beyond its limit.
type ExceededError struct {
	// Input is the file, the host or the object.
	Input string
	Limit Limit
}

// Error names the input and the limit.
func (e *ExceededError) Error() string {
	what := "too large"
	switch e.Limit.Unit {
	case Levels:
		what = "nested too deeply"
	case Time:
		what = "too slow"
	case Bytes, Nodes:
	}
	return fmt.Sprintf("%s: it is %s: the limit of %s is %s", e.Input, what, e.Limit.Of, e.Limit)
}
