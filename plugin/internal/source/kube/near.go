package kube

import (
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// traces are what the text of a workload holds if its container runs coderd: the
// program, or a variable of it. Who writes these names in pieces is found when nothing
// else runs coderd.
var traces = []string{binary, strings.ToUpper(binary)}

// neighborhood are the namespaces in which something may run coderd, and nil where
// nothing seems to. Most objects act on their own namespace only, so that those of a
// whole cluster need no decoding elsewhere.
func (in *input) neighborhood() map[string]bool {
	var near map[string]bool
	for _, o := range in.objects {
		if o.Kind != podKind && !slices.Contains(workloadKinds, o.Kind) || !in.named(o) && !o.Mentions(traces...) {
			continue
		}
		if near == nil {
			near = map[string]bool{}
		}
		near[o.Namespace] = true
	}
	return near
}

// named says whether the user may mean this workload.
func (in *input) named(o manifest.Object) bool {
	return slices.ContainsFunc(in.Workloads, func(want string) bool { return want == o.Name || strings.HasSuffix(want, "/"+o.Name) })
}

// far says whether an object is in another namespace than coderd, and is not decoded
// yet.
func (in *input) far(o manifest.Object) bool {
	return in.near != nil && o.Skimmed() && !in.near[o.Namespace]
}
