package checks

import (
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// What checks need or use, by name.
var (
	replicas = []facts.Kind{facts.Replicas}
	database = []facts.Kind{facts.Database}
	urlText  = []facts.Kind{facts.DatabaseURL}
)

// subject is what a finding at an origin is about.
func subject(o deployment.Origin) check.Subject {
	return check.Subject{
		Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Container: o.Container,
		File: o.File, Line: o.Line,
	}
}

// container is the subject for something that the workload's container lacks.
func container(d *deployment.Deployment, r deployment.Replica) check.Subject {
	w := d.Workloads[r.Workload]
	s := subject(w.Origin)
	s.Container = w.CoderContainer().Name
	return s
}

// of is the subject of a value: where it stands, else the container.
func of(d *deployment.Deployment, r deployment.Replica, v deployment.Value) check.Subject {
	if v.Origin.Kind == "" {
		return container(d, r)
	}
	return subject(v.Origin)
}

// judgement collects what is found and what could not be told, over all
// workloads.
type judgement struct {
	findings []check.Finding
	unproven *check.Skip
	applies  bool
	// off says why a thing that was looked at does not apply, the first one.
	off *check.Skip
}

func (j *judgement) find(f check.Finding) {
	j.applies = true
	j.findings = append(j.findings, f)
}

// good says that one of the things looked at holds.
func (j *judgement) good() { j.applies = true }

// unknown says that a value decides which is not known.
func (j *judgement) unknown(name string, v deployment.Value) {
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

// skip says why one of the things looked at does not apply.
func (j *judgement) skip(format string, args ...any) {
	if j.off == nil {
		j.off = check.NotApplicable(fmt.Sprintf(format, args...)).Skip
	}
}

// see says that what is wrong here is the finding of another check.
func (j *judgement) see(id string) {
	if j.off == nil {
		j.off = check.See(id).Skip
	}
}

func (j *judgement) result() check.Result {
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

// each judges one replica of every workload.
func each(judge func(*judgement, *deployment.Deployment, deployment.Replica)) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		var j judgement
		for _, r := range f.Deployment.Representatives() {
			judge(&j, f.Deployment, r)
		}
		return j.result()
	}
}

const oneReplica = "one replica: there is no other to reach"

// several is each, for what matters only between replicas.
func several(judge func(*judgement, *deployment.Deployment, deployment.Replica)) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		if !f.Deployment.Several() {
			return check.NotApplicable(oneReplica)
		}
		return each(judge)(f)
	}
}

// relay is a relay URL that coderd uses.
type relay struct {
	d       *deployment.Deployment
	replica deployment.Replica
	value   deployment.Value
	// endpoint is valid if err is nil.
	endpoint deployment.Endpoint
	err      error
}

// relays is each, for the replicas that have a relay URL and use it.
func relays(judge func(*judgement, relay)) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		return relaysAmong(f.Deployment, f.Deployment.Representatives(), judge)
	}
}

// relaysAmong judges the relay URLs of some replicas.
func relaysAmong(d *deployment.Deployment, replicas []deployment.Replica, judge func(*judgement, relay)) check.Result {
	var j judgement
	for _, r := range replicas {
		value := r.Env(coder.RelayURL)
		switch {
		case !r.EmbeddedRelay():
			j.skip("the embedded relay is off: Coder ignores the relay URL")
		case value.State == deployment.Unknown:
			j.unknown(coder.RelayURL, value)
		case value.Unset():
			j.skip("no relay URL is set")
		default:
			endpoint, err := deployment.ParseEndpoint(value.Text)
			judge(&j, relay{d: d, replica: r, value: value, endpoint: endpoint, err: err})
		}
	}
	return j.result()
}

// parsed is relays, for those URLs that can be read.
func parsed(judge func(*judgement, relay)) func(*check.Case) check.Result {
	return relays(func(j *judgement, r relay) {
		if r.err != nil || unexpanded(r.value) {
			j.skip("the relay URL cannot be read")
			return
		}
		judge(j, r)
	})
}

// unexpanded says whether a value holds a $(NAME) that Kubernetes leaves there.
func unexpanded(v deployment.Value) bool {
	return len(v.Unexpanded) > 0 || strings.Contains(string(v.Text), "$(")
}

// example is a relay URL that is right for most: the pod's own address and the
// port that coderd listens on.
func example(d *deployment.Deployment, r deployment.Replica) string {
	host := "$(KUBE_POD_IP)"
	if d.PodIPFamily == "IPv6" {
		host = "[$(KUBE_POD_IP)]"
	}
	_, port, ok := deployment.SplitAddress(r.Address(coder.HTTPAddress).Text)
	if !ok {
		port = 8080
	}
	return fmt.Sprintf("http://%s:%d", host, port)
}

// remedyFor is how to give each replica its own relay URL.
func remedyFor(d *deployment.Deployment, r deployment.Replica) string {
	return "Give each replica its own address, in this order:\n" +
		"- name: KUBE_POD_IP\n" +
		"  valueFrom: {fieldRef: {fieldPath: status.podIP}}\n" +
		"- name: CODER_DERP_SERVER_RELAY_URL\n" +
		"  value: " + example(d, r)
}
