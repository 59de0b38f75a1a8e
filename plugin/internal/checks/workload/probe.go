package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// probeChecks judge how Kubernetes learns that a replica is ready, or is to be
// restarted.
func probeChecks() []check.Check {
	return []check.Check{
		{
			ID: "readiness-probe", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "a readiness probe asks coderd for /healthz",
			Why:     "coderd opens its port before it reaches the database, and answers /healthz only after its migrations. Without that probe a replica gets requests too early, and an update goes on to the next replica.",
			Example: "the container of coderd has no readinessProbe, or one with tcpSocket",
			Remedy:  "Give coderd's container this probe:\nreadinessProbe:\n  httpGet: {path: /healthz, port: http}",
			Judge:   judgment.EachWorkload(judgeReadiness),
		},
		{
			ID: "liveness-without-startup", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "no liveness or startup probe restarts coderd in its first 15 minutes",
			Why:     "coderd answers only after its migrations, which may take minutes. A probe that gives up earlier kills coderd in the middle of them, and the next start begins anew.",
			Example: "a livenessProbe on /healthz without a startupProbe",
			Remedy:  "Remove the livenessProbe, or add this probe beside it:\nstartupProbe:\n  httpGet: {path: /healthz, port: http}\n  periodSeconds: 5\n  failureThreshold: 240",
			Judge:   judgment.EachWorkload(judgeLiveness),
		},
	}
}

// healthPath is where coderd says that it serves.
const healthPath = "/healthz"

// otherPaths are answered by coderd itself too, without a login.
var otherPaths = []string{"/api/v2/buildinfo", "/latency-check"}

// inspect says how to see a verdict that a manifest does not allow.
const inspect = "look at the pods of the running deployment: kubectl describe pod"

func judgeReadiness(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	pod := d.Workloads[r.Workload].Pod
	if pod == nil {
		j.Skip("the replicas are no pods")
		return
	}
	probe := pod.CoderContainer().Probes.Readiness
	switch {
	case asksHealth(probe):
		judgeProbedPort(j, d, r, probe)
	case len(pod.ReadinessGates) > 0:
		j.Unproven("the readiness gate "+pod.ReadinessGates[0]+" decides whether a pod is ready", inspect)
	case slices.ContainsFunc(pod.Running(), func(c deployment.Container) bool { return asksHealth(c.Probes.Readiness) }):
		j.Unproven("the readiness probe of another container asks for "+healthPath, inspect)
	case probe != nil && probe.Kind == deployment.ProbeCommand:
		j.Unproven("a command decides whether a replica is ready", "use httpGet with path "+healthPath+" in the readiness probe")
	case probe == nil:
		j.Find(check.Finding{
			Message: "coderd's container has no readiness probe: it gets requests before it can answer them", Subject: judgment.Container(d, r),
			Observed: "no readinessProbe", Expected: "httpGet with path " + healthPath,
		})
	case probe.Kind != deployment.ProbeHTTP:
		j.Find(check.Finding{
			Message: "the readiness probe does not ask for " + healthPath + ": it succeeds before coderd can answer requests, or never",
			Subject: judgment.At(d, r, probe.Origin), Observed: string(probe.Kind), Expected: "httpGet with path " + healthPath,
		})
	default:
		found := check.Finding{
			Message: "the readiness probe does not ask for " + healthPath,
			Subject: judgment.At(d, r, probe.Origin), Observed: "httpGet with path " + probe.Path, Expected: "httpGet with path " + healthPath,
		}
		if slices.Contains(otherPaths, probe.Path) {
			found.Severity = check.Info
		}
		j.Find(found)
	}
}

// asksHealth says whether a probe is that of coderd's health.
func asksHealth(p *deployment.Probe) bool {
	return p != nil && p.Kind == deployment.ProbeHTTP && p.Path == healthPath
}

// judgeProbedPort judges whether coderd answers where a probe asks for its health.
func judgeProbedPort(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, probe *deployment.Probe) {
	pod := d.Workloads[r.Workload].Pod
	port, elsewhere := probedPort(pod, probe)
	if elsewhere || !probe.HTTPS && r.Env(coder.HTTPAddress).State == deployment.Missing && r.Env(coder.Address).Unset() {
		// What another container answers, or a listener that nothing sets, is not judged here.
		j.Good()
		return
	}
	find := func(message, expected string) {
		if name := undeclared(pod); name != "" && probe.PortName == "" {
			j.Unproven(fmt.Sprintf("container %s declares no ports, and may answer where the readiness probe asks, at port %d", name, port), inspect)
			return
		}
		j.Find(check.Finding{
			Message: message + ": no replica becomes ready", Subject: judgment.At(d, r, probe.Origin),
			Observed: "httpGet at port " + cmp.Or(probe.PortName, strconv.Itoa(port)) + " over " + scheme(probe), Expected: expected,
			Remedy: "Let the readiness probe ask where coderd listens, over the same scheme: a port by the name that the container declares, with scheme: HTTPS only for " + coder.TLSAddress + ".",
		})
	}
	if port == 0 {
		find("the readiness probe asks a port that coderd's container does not declare", "a port in the container's ports with that name, or a number")
		return
	}
	variable := coder.HTTPAddress
	if probe.HTTPS {
		variable = coder.TLSAddress
		switch on, known := r.TLS(); {
		case !known:
			j.Unknown(coder.TLSEnable, r.Env(coder.TLSEnable))
			return
		case !on:
			find("the readiness probe asks over HTTPS, and coderd does not serve TLS", "scheme: HTTP")
			return
		}
	}
	address := r.Address(variable)
	_, listens, ok := deployment.SplitAddress(address.Text)
	switch {
	case address.State == deployment.Unknown:
		j.Unknown(variable, address)
	case address.State == deployment.Missing:
		find("the readiness probe asks over HTTP, and coderd does not listen for that", "scheme: HTTPS at the port of "+coder.TLSAddress)
	case !ok:
		j.Skip("%s is not host:port", variable)
	case listens != port:
		find(fmt.Sprintf("the readiness probe asks port %d over %s, and coderd listens for that on port %d", port, scheme(probe), listens), fmt.Sprintf("port %d", listens))
	default:
		j.Good()
	}
}

// probedPort is the number of the port that a probe of coderd's container asks, 0 where
// the container does not declare its name. Elsewhere says that another container may
// answer there, or another host.
func probedPort(pod *deployment.Pod, probe *deployment.Probe) (port int, elsewhere bool) {
	port = probe.Port
	for _, declared := range pod.CoderContainer().Ports {
		if probe.PortName != "" && declared.Name == probe.PortName {
			port = declared.ContainerPort
		}
	}
	for i, c := range pod.Running() {
		if i != pod.Coder && slices.ContainsFunc(c.Ports, func(p deployment.ContainerPort) bool { return p.ContainerPort == port }) {
			return port, true
		}
	}
	return port, probe.Host != ""
}

// undeclared is another container that runs, and may listen anywhere, as it declares no
// ports; empty where there is none.
func undeclared(pod *deployment.Pod) string {
	for i, c := range pod.Running() {
		if i != pod.Coder && len(c.Ports) == 0 {
			return c.Name
		}
	}
	return ""
}

func scheme(p *deployment.Probe) string {
	if p.HTTPS {
		return "HTTPS"
	}
	return "HTTP"
}

// longMigration is how long migrations may take before Coder asks to be told
// (coder/coder docs/install/upgrade-best-practices.md).
const longMigration = 15 * time.Minute

func judgeLiveness(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	pod := d.Workloads[r.Workload].Pod
	if pod == nil {
		j.Skip("the replicas are no pods")
		return
	}
	probes := pod.CoderContainer().Probes
	by := probes.Liveness
	if start := probes.Startup; start != nil && (answersLate(start) || start.Kind == deployment.ProbeCommand) {
		// Liveness counts once it has passed, and one that gives up restarts coderd too.
		by = start
	}
	switch {
	case by == nil:
		j.Good()
		return
	case by.Kind == deployment.ProbeCommand:
		j.Unproven("a command decides when coderd is restarted", "use httpGet with path "+healthPath+" in the probes")
		return
	case !answersLate(by), by.Patience() >= longMigration:
		// The port is open during the migrations.
		j.Good()
		return
	}
	j.Find(check.Finding{
		Message: "Kubernetes restarts coderd " + human.Whole(by.Patience()) + " after its start, also in the middle of a long migration",
		Subject: judgment.At(d, r, by.Origin), Observed: window(by), Expected: "a startup probe of at least 15 minutes",
	})
}

// answersLate says whether a probe fails until coderd has done its migrations.
func answersLate(p *deployment.Probe) bool { return p != nil && p.Kind == deployment.ProbeHTTP }

// window shows how long a probe tries.
func window(p *deployment.Probe) string {
	return "initialDelaySeconds " + seconds(p.Delay) + ", periodSeconds " + seconds(p.Period) + ", failureThreshold " + count(p.Failures)
}
