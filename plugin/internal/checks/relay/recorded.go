package relay

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// recorded adds what replicas that run recorded of each other in the database: their
// own ping of the relay URLs. It is nowhere to be seen in Coder.
func recorded(f *check.Case, result check.Result) check.Result {
	if f.Running == nil {
		return result
	}
	var j judgment.Judgment
	rows, read := f.ToldRows()
	if !read {
		gap, _ := f.Missing(facts.Database)
		if gap.Proof != "" && result.Skip != nil && len(result.Findings) == 0 {
			return check.Unproven("what the replicas recorded of each other is in the database, and told to owners: "+gap.Reason, gap.Proof+"; or set CODER_SESSION_TOKEN")
		}
		return result
	}
	for _, row := range rows {
		if pod := f.PodOf(row); pod != nil && row.Alive() {
			judgeRecorded(&j, f, *pod, row)
		}
	}
	of := j.Result()
	switch {
	case len(of.Findings) > 0:
		result.Findings = append(result.Findings, of.Findings...)
	case of.Skip != nil && of.Skip.Proof != "":
		result.Skip = of.Skip
	case result.Skip != nil && result.Skip.Proof == "" && f.Deployment.Several():
		result.Skip = check.NotApplicable("no replica recorded a failed ping of another, and nothing asked whether the relays change to DERP").Skip
	}
	return result
}

// pinged matches one failed ping, as coderd writes it (replicasync).
var pinged = regexp.MustCompile(`^ping sibling replica (\S+) \((.*?)\): (?s:(.*))$`)

// judgeRecorded judges what one replica recorded. A peer that is not ready, or is
// told to go, has closed its listener: that is no fault of its relay URL.
func judgeRecorded(j *judgment.Judgment, f *check.Case, pod facts.Pod, row pgfacts.ReplicaRow) {
	if row.Error == "" {
		j.Good()
		return
	}
	for text := range strings.SplitSeq(strings.TrimPrefix(row.Error, "Failed to dial peers: "), ", ping sibling replica ") {
		m := pinged.FindStringSubmatch("ping sibling replica " + strings.TrimPrefix(text, "ping sibling replica "))
		if m == nil {
			continue
		}
		peer := peerNamed(f, m[1], m[2])
		switch at := f.Now.Add(-row.Age); {
		case peer == nil || peer.StateAt(f.Now) != facts.Ready:
			j.Good()
		case at.Before(peer.ReadySince.Add(2 * pingInterval)):
			j.Unproven(pod.Name+" recorded that it does not reach "+peer.Name+", which has just become ready", check.Later)
		default:
			j.Find(check.Finding{
				Message:  fmt.Sprintf("%s does not reach %s: %s", pod.Name, peer.Name, m[3]),
				Subject:  check.Subject{Kind: "Pod", Namespace: f.Running.Release.Namespace, Name: pod.Name},
				Observed: m[2] + ": " + m[3], Expected: "status 200 of GET /derp/latency-check within 3 s",
				Remedy: "Check that the relay URL is an address of " + peer.Name + " with a port that coderd listens on, and that NetworkPolicies let the replicas reach each other there.",
			})
		}
	}
}

// pingInterval is how often coderd pings its peers.
const pingInterval = 5 * time.Second

// peerNamed is the pod behind a host name or a relay URL; nil where it is gone.
func peerNamed(f *check.Case, hostname, relay string) *facts.Pod {
	rows, _ := f.ToldRows()
	for _, row := range rows {
		if row.Hostname == hostname && row.RelayAddress == relay && row.Alive() {
			return f.PodOf(row)
		}
	}
	return nil
}
