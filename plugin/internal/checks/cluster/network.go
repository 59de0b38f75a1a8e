package cluster

import (
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// networkChecks judge what Kubernetes puts between replicas.
func networkChecks() []check.Check {
	return []check.Check{
		{
			ID: "network-policy-blocks-replicas", Area: area, Severity: check.Error, Needs: judgment.Described(facts.NetworkPolicies, facts.Services),
			Title:   "NetworkPolicies allow replicas to reach each other, DNS, Postgres and the access URL",
			Why:     "Once a NetworkPolicy selects the coderd pods, everything that no policy allows is denied, and replicas fail in different ways.",
			Example: "a NetworkPolicy that selects the coderd pods and allows ingress from the Ingress controller only",
			Remedy:  "Allow the traffic in a NetworkPolicy that selects the coderd pods. In the chart, coder.networkPolicy.enable=true does that.",
			Judge:   judgment.EachWorkload(judgePolicies),
		},
		{
			ID: "mesh-sidecar-ports", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "the service mesh does not intercept port 6222",
			Why:     "A sidecar changes the source address of a connection, and a replica refuses a peer whose certificate is for another address.",
			Example: "Linkerd is injected into the pods, without 6222 in config.linkerd.io/skip-inbound-ports",
			Remedy:  "Exclude port 6222 inbound and outbound in the pod's annotations.",
			Judge:   judgment.BetweenReplicas(withNATS(judgeSidecar)),
		},
		{
			ID: "host-network-ports", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "replicas on the host network do not share a node",
			Why:     "Two replicas on the network of one node need the same ports, so the second one does not start.",
			Example: "hostNetwork: true with three replicas, no declared ports and no required podAntiAffinity",
			Remedy:  "Declare the ports of coderd in the container, so that the scheduler keeps the pods apart. Or add a required podAntiAffinity on kubernetes.io/hostname for the pods' own labels.",
			Judge:   judgment.BetweenReplicas(judgeHostNetwork),
		},
	}
}

func judgeSidecar(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	mesh := w.Mesh()
	switch {
	case mesh == deployment.NoMesh:
		j.Skip("nothing in the input adds a service mesh to the pods")
		return
	case mesh == deployment.IstioAmbient && w.BypassesAmbient():
		j.Good()
		return
	case mesh == deployment.IstioAmbient:
		j.Unknown("the mesh", deployment.Value{
			Why:   "in ambient mode, a proxy of the node carries port 6222, and the input does not say from which address it hands connections on",
			Proof: "look for pubsub routes between the running replicas",
		})
		return
	}
	in, out := w.Inbound(coder.NATSPort), w.Outbound(coder.NATSPort)
	if w.KeepsSource() && in == deployment.Intercepted {
		in = deployment.Uncertain
	}
	inbound, outbound := mesh.PortAnnotations()
	var missing []string
	if in == deployment.Intercepted {
		missing = append(missing, inbound)
	}
	if out == deployment.Intercepted {
		missing = append(missing, outbound)
	}
	switch {
	case len(missing) > 0:
	case in == deployment.Uncertain || out == deployment.Uncertain:
		j.Unknown("the mesh", deployment.Value{
			Why:   "the pod's annotations choose by interception mode or address ranges what the sidecar takes",
			Proof: fmt.Sprintf("exclude port %d in %s and %s", coder.NATSPort, inbound, outbound),
		})
		return
	default:
		j.Good()
		return
	}
	s := judgment.Container(d, r)
	s.Container = ""
	j.Find(check.Finding{
		Message: fmt.Sprintf("%s intercepts port %d between replicas", mesh, coder.NATSPort), Subject: s,
		Observed: "no " + strings.Join(missing, " and no ") + " with 6222", Expected: "6222 excluded in both directions",
		Remedy: fmt.Sprintf("Add to the pod's annotations (coder.podAnnotations in the chart):\n%s: \"%d\"\n%s: \"%d\"", inbound, coder.NATSPort, outbound, coder.NATSPort),
	})
}

func judgeHostNetwork(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	if w.Pod == nil || !w.Pod.HostNetwork {
		j.Skip("the pods have a network of their own")
		return
	}
	if w.Replicas < 2 && len(d.Workloads) == 1 || w.Kind == "DaemonSet" || w.Pod.KeptApart(r.Labels) || w.Pod.TakesHostPort() {
		j.Good()
		return
	}
	j.Find(check.Finding{
		Message: "replicas on the host network can be scheduled to one node", Subject: judgment.Container(d, r),
		Observed: "hostNetwork: true, without a declared port and without a required podAntiAffinity on kubernetes.io/hostname", Expected: "at most one replica on a node",
	})
}
