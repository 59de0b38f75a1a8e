package relay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// sourceChecks judge how the container's environment makes the relay URL.
func sourceChecks() []check.Check {
	return []check.Check{
		{
			ID: "relay-url-unexpanded", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "every $(VAR) in the relay URL is expanded",
			Why:     "Kubernetes leaves $(VAR) unchanged unless VAR is defined earlier in the list; peers then try to resolve it as a hostname.",
			Example: "CODER_DERP_SERVER_RELAY_URL=http://$(KUBE_POD_IP):8080 listed before KUBE_POD_IP",
			Remedy:  "Define the variable before the relay URL in the container's env.",
			Judge:   judgment.DialedRelays(judgeRelayUnexpanded),
		},
		{
			ID: "relay-pod-ip-source", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "the address of a replica comes from status.podIP",
			Why:     "A fixed address, or the address of the node, is wrong for every replica but one, or after the next restart.",
			Example: "KUBE_POD_IP from fieldRef status.hostIP instead of status.podIP",
			Remedy:  "Set it with valueFrom: {fieldRef: {fieldPath: status.podIP}}.",
			Judge:   judgment.BetweenReplicas(judgePodIPSource),
		},
		{
			ID: "relay-env-overridden", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "no relay URL, cluster host or listen address is set twice",
			Why:     "Kubernetes uses the last of two entries with the same name, server-side apply rejects them, and readers see the first.",
			Example: "CODER_HTTP_ADDRESS listed twice in the env of the container, with different values",
			Remedy:  "Keep one entry. In the chart, an entry in coder.env replaces the chart's own.",
			Judge:   judgeOverridden,
		},
	}
}

func judgeRelayUnexpanded(j *judgment.Judgment, r judgment.Relay) {
	observed := r.Value.String()
	if !r.Value.LeftUnexpanded() {
		j.Good()
		return
	}
	message := "the relay URL contains a literal $( that nothing expands"
	for _, ref := range r.Value.Unexpanded {
		message = fmt.Sprintf("$(%s) is not expanded: the container does not define %s", ref.Name, ref.Name)
		if ref.DefinedLater {
			message = fmt.Sprintf("$(%s) is not expanded: the container defines %s only after the relay URL", ref.Name, ref.Name)
		}
	}
	j.Find(check.Finding{
		Message: message, Subject: judgment.Of(r.Deployment, r.Replica, r.Value), Observed: observed,
		Expected: "the variable defined before the relay URL in env", Remedy: judgment.RelayRemedy(r.Deployment, r.Replica),
	})
}

// judgePodIPSource follows the variables that the relay URL and the cluster
// host are made of.
func judgePodIPSource(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	value, host := r.Env(coder.RelayURL), r.Env(coder.ClusterHost)
	if !value.Set() && !host.Set() {
		j.Skip("neither a relay URL nor a cluster host is set")
		return
	}
	pod := d.Workloads[r.Workload].Pod
	if pod == nil {
		j.Skip("%s does not run in a pod", r.Name)
		return
	}
	found := false
	report := func(name, observed string, at check.Subject) {
		found = true
		j.Find(check.Finding{
			Message: name + " is not the pod's own IP", Subject: at, Observed: observed,
			Expected: "fieldRef: status.podIP",
		})
	}
	addresses := []string{coder.RelayURL, coder.ClusterHost}
	nats, _ := d.NATS(r)
	// Coder listens on that address for pubsub.
	refused := host.Text.IsField(deployment.FieldHostIP) && !pod.HostNetwork && nats && d.Version.Known() && d.Version.AtLeast(2, 36)
	if refused {
		found, addresses = true, addresses[:1]
		j.Find(check.Finding{
			Severity: check.Error, Message: "coderd does not start: " + coder.ClusterHost + " is the address of the node, on which a pod cannot listen",
			Subject: judgment.Of(d, r, host), Observed: coder.ClusterHost + "=" + host.String(), Expected: "fieldRef: status.podIP",
		})
	}
	for _, variable := range addresses {
		built := r.Env(variable)
		for _, name := range built.References {
			v := r.Env(name)
			if v.State != deployment.Known {
				continue
			}
			if keepsEarlier(built, v) {
				// Of a name that is set twice, what was built in between has the first value.
				if strings.Contains(name, "POD_IP") && !built.Text.HasField(deployment.FieldPodIP) {
					report(name, variable+"="+built.String(), judgment.Of(d, r, built))
				}
				continue
			}
			if v.Text.IsField(deployment.FieldPodIP) {
				continue
			}
			// With two IP families status.podIPs is a list of both addresses.
			if strings.Contains(name, "POD_IP") || v.Text.IsField("status.podIPs") || v.Text.IsField(deployment.FieldHostIP) && !pod.HostNetwork && !pod.HasHostPort() {
				report(name, name+"="+v.String(), judgment.Of(d, r, v))
			}
		}
	}
	if host.Text.IsField(deployment.FieldHostIP) && !pod.HostNetwork && len(host.References) == 0 && !refused {
		report(coder.ClusterHost, coder.ClusterHost+"="+host.String(), judgment.Of(d, r, host))
	}
	if !found {
		j.Good()
	}
}

// keepsEarlier says whether a value was built before one of its variables was set
// again.
func keepsEarlier(built, reference deployment.Value) bool {
	return !strings.Contains(string(built.Text), string(reference.Text))
}

// addressVariables are those that decide where a replica is reached.
var addressVariables = []string{coder.RelayURL, coder.ClusterHost, coder.HTTPAddress, coder.TLSAddress, coder.Address}

func judgeOverridden(f *check.Case) check.Result {
	var j judgment.Judgment
	for i, r := range f.Deployment.Representatives() {
		watched := slices.Clone(addressVariables)
		for _, built := range []deployment.Value{r.Env(coder.RelayURL), r.Env(coder.ClusterHost)} {
			for _, name := range built.References {
				if !keepsEarlier(built, r.Env(name)) {
					watched = append(watched, name)
				}
			}
		}
		for _, dup := range f.Deployment.Workloads[i].Duplicates {
			if !slices.Contains(watched, dup.Name) {
				continue
			}
			j.Find(check.Finding{
				Message: dup.Name + " is set twice, and the last entry is used", Subject: judgment.Subject(dup.Origin),
				Observed: dup.Effective + " replaces " + dup.Replaced, Expected: "one entry",
			})
		}
	}
	j.Good()
	return j.Result()
}
