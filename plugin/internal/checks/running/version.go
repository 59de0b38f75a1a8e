package running

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func versionChecks() []check.Check {
	return []check.Check{{
		ID: "replicas-version-skew", Area: area, Severity: check.Error, Needs: pods, Uses: []facts.Kind{facts.Database, facts.API},
		Title:   "all replicas run one version of Coder",
		Why:     "Two versions share one database, and the older one does not know what the newer one writes. One that restarts does not start again once the newer one has migrated.",
		Example: "coder-0 runs v2.35.1 and coder-1 v2.36.0, for 20 minutes",
		Remedy:  "Finish the update, or take it back: kubectl rollout status shows what it waits for.",
		Judge:   judgeVersions,
	}}
}

// skewTime is how long an update may take to go from one version to the other.
const skewTime = 5 * time.Minute

// versionOf is what a pod says that it runs; empty where it does not say.
func versionOf(f *check.Case, pod facts.Pod) string {
	if answer := f.APIOf(pod.Name); answer != nil && answer.Version != "" {
		return answer.Version
	}
	if row := f.RowOf(pod); row != nil && row.Alive() {
		return row.Version
	}
	return ""
}

func judgeVersions(f *check.Case) check.Result {
	byVersion := map[string][]string{}
	var newest time.Time
	silent := ""
	for _, pod := range f.Running.Pods {
		switch state := pod.StateAt(f.Now); {
		case state != facts.Ready:
		case versionOf(f, pod) == "":
			silent = cmp.Or(silent, pod.Name)
		default:
			v := versionOf(f, pod)
			byVersion[v] = append(byVersion[v], pod.Name)
			if pod.Created.After(newest) {
				newest = pod.Created
			}
		}
	}
	var all []string
	for _, v := range slices.Sorted(maps.Keys(byVersion)) {
		all = append(all, v+" on "+strings.Join(byVersion[v], ", "))
	}
	since := f.Now.Sub(newest)
	switch {
	case len(byVersion) > 1 && since >= skewTime:
		return check.Fail(check.Finding{
			Message: fmt.Sprintf("the replicas have run %d versions of Coder for %s", len(byVersion), human.Duration(since.Round(time.Second))), Subject: workload(f),
			Observed: strings.Join(all, "; "), Expected: "one version",
		})
	case len(byVersion) > 1:
		return check.Unproven("an update goes on, or hangs since "+human.Duration(since.Round(time.Second))+": "+strings.Join(all, "; "), check.Later)
	case silent != "":
		return check.Unproven("which version "+silent+" runs is not known: neither its row nor its API was read", "give the database's URL with --postgres-url-file, or grant this user the verb create on pods/portforward")
	case len(byVersion) == 0:
		return check.See("replicas-not-ready")
	}
	return check.PassNote(all[0])
}
