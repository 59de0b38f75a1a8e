// Package judgment is what the declarations of checks are made with: it collects
// what was found and what could not be told over the replicas of a deployment.
package judgment

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// What checks need or use, by name.
var (
	Replicas    = []facts.Kind{facts.Replicas}
	Database    = []facts.Kind{facts.Database}
	DatabaseURL = []facts.Kind{facts.DatabaseURL}
	Mesh        = []facts.Kind{facts.Replicas, facts.Mesh}
)

// Described is a description of the replicas with some of what stands around them,
// which in a cluster one may not be allowed to read.
func Described(parts ...facts.Kind) []facts.Kind {
	return append([]facts.Kind{facts.Replicas}, parts...)
}

// Subject is what a finding at an origin is about.
func Subject(o deployment.Origin) check.Subject {
	return check.Subject{
		Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Container: o.Container,
		File: o.File, Line: o.Line,
	}
}

// Container is the subject for something that the workload's container lacks.
func Container(d *deployment.Deployment, r deployment.Replica) check.Subject {
	w := d.Workloads[r.Workload]
	s := Subject(w.Origin)
	if w.Pod != nil {
		s.Container = w.Pod.CoderContainer().Name
	}
	return s
}

// Of is the subject of a value: where it stands, else the container.
func Of(d *deployment.Deployment, r deployment.Replica, v deployment.Value) check.Subject {
	if v.Origin.Kind == "" {
		return Container(d, r)
	}
	return Subject(v.Origin)
}

// At is the subject of what stands at an origin, else the container.
func At(d *deployment.Deployment, r deployment.Replica, at deployment.Origin) check.Subject {
	return Of(d, r, deployment.Value{Origin: at})
}

// Judgment collects what is found and what could not be told, over all
// workloads.
type Judgment struct {
	findings []check.Finding
	unproven *check.Skip
	applies  bool
	// off says why a thing that was looked at does not apply, the first one.
	off *check.Skip
	// failures are those of addresses, by what is said of them.
	failures map[string]alike
}

// Find adds a finding.
func (j *Judgment) Find(f check.Finding) {
	j.applies = true
	if !j.said(f) {
		j.findings = append(j.findings, f)
	}
}

// said says whether a file that several hosts share was found fault with already,
// for another one of them.
func (j *Judgment) said(f check.Finding) bool {
	return slices.ContainsFunc(j.findings, func(before check.Finding) bool {
		a, b := before.Subject, f.Subject
		return a.File != "" && a.File == b.File && a.Line == b.Line && a.Name != b.Name && before.Message == f.Message && before.Observed == f.Observed
	})
}

// Open says that evidence decides which is not there, and what would supply it.
func (j *Judgment) Open(reason, proof string) {
	j.applies = true
	if j.unproven == nil {
		j.unproven = &check.Skip{Reason: reason, Proof: proof}
	}
}

// Good says that one of the things looked at holds.
func (j *Judgment) Good() { j.applies = true }

// Unknown says that a value decides which is not known.
func (j *Judgment) Unknown(name string, v deployment.Value) {
	j.applies = true
	if j.unproven != nil {
		return
	}
	if v.Why == "" {
		// The text itself is known, but not one that coderd takes.
		v.Why, v.Proof = "its value "+v.String()+" is neither true nor false", "set it to true or false"
	}
	j.unproven = &check.Skip{Reason: name + ": " + v.Why, Proof: v.Proof}
}

// Unproven says that something decides which is not known, and what would verify it.
func (j *Judgment) Unproven(reason, proof string) {
	j.applies = true
	if j.unproven == nil {
		j.unproven = &check.Skip{Reason: reason, Proof: proof}
	}
}

// Off takes a skip of one of the things looked at, which does not apply.
func (j *Judgment) Off(r check.Result) {
	if j.off == nil {
		j.off = r.Skip
	}
}

// Skip says why one of the things looked at does not apply.
func (j *Judgment) Skip(format string, args ...any) {
	if j.off == nil {
		j.off = check.NotApplicable(fmt.Sprintf(format, args...)).Skip
	}
}

// See says that what is wrong here is the finding of another check.
func (j *Judgment) See(id string) {
	if j.off == nil {
		j.off = check.See(id).Skip
	}
}

// Result is what was found; else what could not be told; else why the check does
// not apply; else a pass.
func (j *Judgment) Result() check.Result {
	switch {
	case len(j.findings) > 0:
		return check.Fail(j.findings...)
	case j.unproven != nil:
		return check.Result{Skip: j.unproven}
	case !j.applies:
		return check.Result{Skip: j.off}
	default:
		return check.Pass()
	}
}

// EachWorkload judges one replica of every workload.
func EachWorkload(judge func(*Judgment, *deployment.Deployment, deployment.Replica)) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		var j Judgment
		for _, r := range f.Deployment.Representatives() {
			judge(&j, f.Deployment, r)
		}
		return j.Result()
	}
}

// OneReplica is why a check of what is between replicas does not apply.
const OneReplica = "one replica: there is no other to reach"

// BetweenReplicas is each, for what matters only between replicas.
func BetweenReplicas(judge func(*Judgment, *deployment.Deployment, deployment.Replica)) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		if !f.Deployment.Several() {
			return check.NotApplicable(OneReplica)
		}
		return EachWorkload(judge)(f)
	}
}

// Relay is a relay URL that coderd uses.
type Relay struct {
	Deployment *deployment.Deployment
	Replica    deployment.Replica
	Value      deployment.Value
	// Endpoint is valid if Err is nil.
	Endpoint deployment.Endpoint
	Err      error
}

// Balanced is the host behind which any replica may answer, if the URL has such a host.
func (r Relay) Balanced() (deployment.BalancedHost, bool) {
	for _, shared := range r.Deployment.BalancedHosts(r.Replica) {
		if shared.Matches(r.Endpoint.Host) {
			return shared, true
		}
	}
	return deployment.BalancedHost{}, false
}

// Relays judges the relay URLs that replicas have and use; also one that no peer
// dials.
func Relays(judge func(*Judgment, Relay)) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		return RelaysAmong(f.Deployment, f.Deployment.Representatives(), judge)
	}
}

// DialedRelays is Relays, for what matters only to a peer that dials the URL.
func DialedRelays(judge func(*Judgment, Relay)) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		if !f.Deployment.Several() {
			return check.NotApplicable(OneReplica)
		}
		return Relays(judge)(f)
	}
}

// RelaysAmong judges the relay URLs of some replicas.
func RelaysAmong(d *deployment.Deployment, replicas []deployment.Replica, judge func(*Judgment, Relay)) check.Result {
	var j Judgment
	for _, r := range replicas {
		value := r.Env(coder.RelayURL)
		switch {
		case !r.EmbeddedRelay() && r.Refused(coder.RelayURL) == nil:
			j.Skip("the embedded relay is off: no mesh uses the relay URL")
		case value.State == deployment.Unknown:
			j.Unknown(coder.RelayURL, value)
		case value.Unset():
			j.Skip("no relay URL is set")
		default:
			endpoint, err := deployment.ParseEndpoint(value.Text)
			judge(&j, Relay{Deployment: d, Replica: r, Value: value, Endpoint: endpoint, Err: err})
		}
	}
	return j.Result()
}

// ReadableRelays is DialedRelays, for those URLs that can be read.
func ReadableRelays(judge func(*Judgment, Relay)) func(*check.Case) check.Result {
	return DialedRelays(func(j *Judgment, r Relay) {
		if r.Err != nil || r.Value.LeftUnexpanded() {
			j.Skip("the relay URL cannot be read")
			return
		}
		judge(j, r)
	})
}

// ExampleRelayURL is a relay URL that is right for most: the pod's own address and
// the port that coderd listens on.
func ExampleRelayURL(d *deployment.Deployment, r deployment.Replica) string {
	if d.OnHost(r) {
		return coder.RelayURLOf("http", hostAddress(r), listenPort(r), false)
	}
	return relayWiring(d, r)[1].Value
}

// RelayRemedy is how to give each replica its own relay URL.
func RelayRemedy(d *deployment.Deployment, r deployment.Replica) string {
	if d.OnHost(r) {
		return "Give each host its own address, here:\n" + coder.RelayURL + "=" + ExampleRelayURL(d, r)
	}
	return "Give each replica its own address, in this order:\n" + coder.YAML(relayWiring(d, r))
}

// ClusterRemedy is how to give each replica its own cluster host.
func ClusterRemedy(d *deployment.Deployment, r deployment.Replica) string {
	if d.OnHost(r) {
		return "Set it to the IP address of this host that the other replicas reach:\n" + coder.ClusterHost + "=" + hostAddress(r)
	}
	return "Set it from the downward API:\n" + coder.YAML(coder.ClusterHostWiring())
}

// hostAddress is the address of a host, as far as a setting of it tells.
func hostAddress(r deployment.Replica) string {
	for _, host := range []string{string(r.Env(coder.ClusterHost).Text), listenHost(r)} {
		if addr, err := netip.ParseAddr(host); err == nil && !addr.IsLoopback() && !addr.IsUnspecified() {
			return host
		}
	}
	return "ADDRESS"
}

func listenHost(r deployment.Replica) string {
	host, _, _ := deployment.SplitAddress(r.Address(coder.HTTPAddress).Text)
	return host
}

func listenPort(r deployment.Replica) int {
	if _, port, ok := deployment.SplitAddress(r.Address(coder.HTTPAddress).Text); ok {
		return port
	}
	return usualPort
}

// usualPort is that of the chart and of Coder's own image.
const usualPort = 8080

func relayWiring(d *deployment.Deployment, r deployment.Replica) []coder.Entry {
	return coder.RelayWiring(listenPort(r), d.LikelyIPv6())
}
