package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// agreementChecks compare the replicas of hosts with each other.
func agreementChecks() []check.Check {
	return []check.Check{
		{
			ID: "env-differs", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "settings that must be the same are the same on all replicas",
			Why:     "A login, a cookie or an encrypted column that one replica makes is read by another one.",
			Example: "CODER_OIDC_CLIENT_ID is set on coder-1, and not on coder-2",
			Remedy:  "Give the setting the same value on all hosts.",
			Judge:   judgeDiffers,
		},
		{
			ID: "hostname-shared", Area: area, Severity: check.Error, Needs: judgment.Replicas, Uses: []facts.Kind{facts.Database},
			Title:   "no two replicas have the same hostname",
			Why:     "coderd names its provisioners after the hostname, without its domain: replicas that share it take each other's provisioners for their own.",
			Example: "the hosts coder.eu.example.com and coder.us.example.com",
			Remedy:  "Give each host a name of its own: hostnamectl set-hostname NAME.",
			Judge:   judgeHostnames,
		},
	}
}

// elsewhere are the settings that a check of their own compares.
var elsewhere = []string{coder.AccessURL, coder.PostgresURL, coder.DERPRegionID}

// judgeDiffers compares each setting of all replicas with the first one's.
func judgeDiffers(f *check.Case) check.Result {
	d := f.Deployment
	if !d.Several() {
		return check.NotApplicable(judgment.OneReplica)
	}
	first := d.Replicas[0]
	if first.Settings == nil {
		return check.NotApplicable("one template makes the replicas alike")
	}
	names := map[string]bool{}
	for _, r := range d.Replicas {
		for name, v := range r.Settings {
			// What nobody sets is a default, which coderd may make of other settings.
			given := v.Origin.File != "" || v.State == deployment.Unknown
			names[name] = names[name] || given && !slices.Contains(elsewhere, name)
		}
	}
	var j judgment.Judgment
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if names[name] {
			compare(&j, d, name)
		}
	}
	return j.Result()
}

func compare(j *judgment.Judgment, d *deployment.Deployment, name string) {
	first := d.Replicas[0].Settings[name]
	if name == coder.Experiments && mixedPubsub(d) {
		j.See("cluster-mixed-pubsub")
		return
	}
	for _, r := range d.Replicas {
		v := r.Settings[name]
		switch {
		case v.State == deployment.Unknown:
			j.Unknown(name, v)
		case first.State == deployment.Unknown:
			j.Unknown(name, first)
		case v.Text != first.Text || v.Digest != first.Digest:
			at := v
			if at.Origin.File == "" {
				at = first
			}
			j.Find(check.Finding{
				Message: fmt.Sprintf("%s differs between %s and %s", name, d.Replicas[0].Name, r.Name), Subject: judgment.Of(d, r, at),
				Observed: described(d.Replicas[0].Name, first) + "; " + described(r.Name, v), Expected: "the same value on all hosts",
				Remedy: "Set " + name + " to the same value on all hosts, or remove it from all of them.",
			})
			return
		default:
			j.Good()
		}
	}
}

// mixedPubsub says whether the experiments turn NATS on for some replicas only.
func mixedPubsub(d *deployment.Deployment) bool {
	first, _ := d.NATS(d.Replicas[0])
	return slices.ContainsFunc(d.Replicas, func(r deployment.Replica) bool {
		on, _ := d.NATS(r)
		return on != first
	})
}

// described is the value of one replica, for people.
func described(replica string, v deployment.Value) string {
	place := ""
	if v.Origin.File != "" {
		place = fmt.Sprintf(" (%s:%d)", v.Origin.File, v.Origin.Line)
	}
	switch {
	case v.Unset() && v.Origin.File == "":
		return replica + ": not set"
	case v.Unset():
		return replica + ": empty" + place
	case v.Origin.File == "" && v.Text == "":
		return replica + ": coderd's own default"
	case v.Origin.File == "":
		return replica + ": " + v.String() + ", the default"
	default:
		return replica + ": " + v.String() + place
	}
}

// judgeHostnames compares the names of the hosts, and of the replicas that run now.
func judgeHostnames(f *check.Case) check.Result {
	d := f.Deployment
	if !d.Several() {
		return check.NotApplicable(judgment.OneReplica)
	}
	var j judgment.Judgment
	first := map[string]deployment.Replica{}
	for _, r := range d.Replicas {
		if !d.OnHost(r) {
			j.Skip("each pod has a hostname of its own")
			continue
		}
		name := hostname(r.Name)
		other, taken := first[name]
		if !taken {
			first[name] = r
			j.Good()
			continue
		}
		j.Find(check.Finding{
			Message: fmt.Sprintf("hosts %s and %s have the same hostname without its domain", other.Name, r.Name), Subject: judgment.Container(d, r),
			Observed: name + " twice", Expected: "a hostname of its own for each host",
		})
	}
	for _, p := range f.Postgres {
		if p.Coder != nil {
			judgeRows(&j, p.Coder.Replicas)
		}
	}
	return j.Result()
}

// hostname is a name as coderd records it (coder/coder cli/cliutil/hostname.go).
func hostname(name string) string {
	short, _, _ := strings.Cut(strings.ToLower(name), ".")
	return short
}

// overlap is how long two replicas of one name must have run side by side: one that
// was killed and came back leaves its row behind for a while.
const overlap = 2 * pgfacts.AliveAge

// judgeRows looks for two replicas that run now under one name.
func judgeRows(j *judgment.Judgment, rows []pgfacts.ReplicaRow) {
	first := map[string]pgfacts.ReplicaRow{}
	for _, row := range rows {
		if !row.Alive() {
			continue
		}
		other, taken := first[row.Hostname]
		if !taken {
			first[row.Hostname] = row
			continue
		}
		if other.RelayAddress == row.RelayAddress || !together(other, row) {
			continue
		}
		j.Find(check.Finding{
			Message: "two replicas run now with the same hostname " + row.Hostname, Subject: check.Subject{Kind: "replica", Name: row.Hostname},
			Observed: fmt.Sprintf("relay URLs %s and %s", deployment.Text(other.RelayAddress), deployment.Text(row.RelayAddress)), Expected: "a hostname of its own for each replica",
		})
	}
}

// together says whether both replicas have written for a while since the later one
// started.
func together(a, b pgfacts.ReplicaRow) bool {
	started := a.StartedAt
	if b.StartedAt.After(started) {
		started = b.StartedAt
	}
	since := func(r pgfacts.ReplicaRow) time.Duration { return r.UpdatedAt.Sub(started) }
	return since(a) > overlap && since(b) > overlap
}
