package workload

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

// ready gives coderd's container a readiness probe.
func ready(probe *corev1.Probe) func(*checktest.World) {
	return func(w *checktest.World) { w.Container().ReadinessProbe = probe }
}

// asks is a probe that asks for a path.
func asks(path string) *corev1.Probe {
	p := checktest.HealthProbe()
	p.HTTPGet.Path = path
	return p
}

// at asks for /healthz at a port.
func at(port intstr.IntOrString, scheme corev1.URIScheme) *corev1.Probe {
	p := checktest.HealthProbe()
	p.HTTPGet.Port, p.HTTPGet.Scheme = port, scheme
	return p
}

// connects is a probe that opens the port.
func connects() *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString("http")}}}
}

// runs is a probe that runs a command.
func runs() *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"/check"}}}}
}

// tries is a probe with a delay, a period and a number of failures; 0 is the default.
func tries(p *corev1.Probe, delay, period, failures int32) *corev1.Probe {
	p.InitialDelaySeconds, p.PeriodSeconds, p.FailureThreshold = delay, period, failures
	return p
}

// restarts gives coderd's container a liveness and a startup probe.
func restarts(liveness, startup *corev1.Probe) func(*checktest.World) {
	return func(w *checktest.World) { w.Container().LivenessProbe, w.Container().StartupProbe = liveness, startup }
}

func probeCases(_ *testing.T, c *checktest.Cases) {
	beside := func(probe *corev1.Probe) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Container().ReadinessProbe = nil
			w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "proxy", Image: "proxy:1", ReadinessProbe: probe})
		}
	}
	c.About("readiness-probe",
		checktest.Passes("/healthz", nil),
		checktest.Passes("without the slash", ready(asks("healthz"))),
		checktest.Passes("with a query", ready(asks("/healthz?from=kubelet"))),
		checktest.Fires("over HTTPS without TLS", "coderd does not serve TLS: no replica becomes ready", ready(at(intstr.FromString("http"), corev1.URISchemeHTTPS))),
		checktest.Fires("another port", "asks port 3000 over HTTP, and coderd listens for that on port 8080", ready(at(intstr.FromInt32(3000), corev1.URISchemeHTTP))),
		checktest.Fires("a port that is not declared", "does not declare", ready(at(intstr.FromString("web"), corev1.URISchemeHTTP))),
		checktest.Passes("the number of the port", ready(at(intstr.FromInt32(8080), corev1.URISchemeHTTP))),
		checktest.Passes("the port for TLS over HTTPS", func(w *checktest.World) {
			checktest.ServeTLS(w)
			ready(at(intstr.FromInt32(8443), corev1.URISchemeHTTPS))(w)
		}),
		checktest.Fires("the port for TLS over HTTP", "asks port 8443 over HTTP", func(w *checktest.World) {
			checktest.ServeTLS(w)
			ready(at(intstr.FromInt32(8443), corev1.URISchemeHTTP))(w)
		}),
		checktest.Fires("over HTTP where only TLS is served", "coderd does not listen for that", func(w *checktest.World) {
			checktest.ServeTLS(w)
			w.Set("CODER_HTTP_ADDRESS", "")
		}),
		checktest.Passes("the port of another container, which may pass it on", func(w *checktest.World) {
			w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "nginx", Image: "nginx:1", Ports: []corev1.ContainerPort{{ContainerPort: 443}}})
			ready(at(intstr.FromInt32(443), corev1.URISchemeHTTPS))(w)
		}),
		checktest.Leaves("a container beside that declares no ports", "container nginx declares no ports, and may answer where the readiness probe asks, at port 8443", func(w *checktest.World) {
			w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "nginx", Image: "nginx:1"})
			ready(at(intstr.FromInt32(8443), corev1.URISchemeHTTPS))(w)
		}),
		checktest.Fires("a name that none of two containers declares", "does not declare", func(w *checktest.World) {
			w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "nginx", Image: "nginx:1"})
			ready(at(intstr.FromString("web"), corev1.URISchemeHTTP))(w)
		}),
		checktest.Fires("coderd's own port, beside such a container", "coderd does not serve TLS", func(w *checktest.World) {
			w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "nginx", Image: "nginx:1"})
			ready(at(intstr.FromString("http"), corev1.URISchemeHTTPS))(w)
		}),
		checktest.Passes("another host", func(w *checktest.World) {
			probe := at(intstr.FromInt32(3000), corev1.URISchemeHTTP)
			probe.HTTPGet.Host = "10.0.0.9"
			ready(probe)(w)
		}),
		checktest.Skips("an address in a Secret that is not there", "CODER_HTTP_ADDRESS", func(w *checktest.World) {
			w.Put(corev1.EnvVar{Name: "CODER_HTTP_ADDRESS", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "more"}, Key: "address"}}})
		}),
		checktest.Fires("none", "no readiness probe", ready(nil)),
		checktest.Fires("none for one replica", "no readiness probe", func(w *checktest.World) {
			w.Replicas(1)
			ready(nil)(w)
		}),
		checktest.Fires("a path of the dashboard", "does not ask for /healthz", ready(asks("/"))),
		checktest.Fires("a path that is not the same", "does not ask for /healthz", ready(asks("/healthz/"))),
		checktest.Fires("the port alone", "before coderd can answer", ready(connects())),
		checktest.Advises("another answer of coderd", "does not ask for /healthz", ready(asks("/api/v2/buildinfo"))),
		checktest.Skips("a command", "a command decides", ready(runs())),
		checktest.Skips("a gate", "readiness gate", func(w *checktest.World) {
			ready(nil)(w)
			w.Pod().ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "target-health.elbv2.k8s.aws/coder"}}
		}),
		checktest.Skips("a proxy is asked instead", "another container", beside(checktest.HealthProbe())),
		checktest.Fires("a proxy has a probe of its own", "no readiness probe", beside(asks("/ping"))),
		checktest.Skips("hosts", "no pods", checktest.OnHosts(nil)),
	)
	health := checktest.HealthProbe
	c.About("liveness-without-startup",
		checktest.Passes("neither", nil),
		checktest.Warns("liveness alone", "restarts coderd 30 seconds after its start", restarts(health(), nil)),
		checktest.Passes("20 minutes to start", restarts(health(), tries(health(), 0, 5, 240))),
		checktest.Passes("exactly 15 minutes", restarts(health(), tries(health(), 0, 10, 90))),
		checktest.Warns("a little less", "14m50s", restarts(health(), tries(health(), 0, 10, 89))),
		checktest.Passes("a little less, and a delay", restarts(health(), tries(health(), 10, 10, 89))),
		checktest.Warns("a startup probe with the defaults", "30 seconds", restarts(health(), health())),
		checktest.Warns("a startup probe alone", "5m", restarts(nil, tries(health(), 0, 10, 30))),
		checktest.Passes("liveness that waits itself", restarts(tries(health(), 900, 0, 0), nil)),
		checktest.Passes("liveness on the port, which is open at once", restarts(connects(), nil)),
		checktest.Warns("a startup probe that succeeds at once", "30 seconds", restarts(health(), tries(connects(), 0, 5, 240))),
		checktest.Skips("a command", "a command decides", restarts(runs(), nil)),
		checktest.Skips("a command at the start", "a command decides", restarts(health(), runs())),
		checktest.Passes("a sidecar's", func(w *checktest.World) {
			w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "proxy", Image: "proxy:1", LivenessProbe: health()})
		}),
		checktest.Skips("hosts", "no pods", checktest.OnHosts(nil)),
	)
}
