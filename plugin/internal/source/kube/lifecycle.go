package kube

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// lifecycle adds what decides how the replicas start, stop and are replaced.
func (in *input) lifecycle(w *workload) {
	spec, container := w.template().Spec, w.coder()
	w.Pod.GraceSeconds = corev1.DefaultTerminationGracePeriodSeconds
	if given := spec.TerminationGracePeriodSeconds; given != nil {
		w.Pod.GraceSeconds = int(*given)
	}
	for _, gate := range spec.ReadinessGates {
		w.Pod.ReadinessGates = append(w.Pod.ReadinessGates, string(gate.ConditionType))
	}
	if container.Lifecycle != nil && container.Lifecycle.PreStop != nil {
		w.Pod.PreStop = preStop(*container.Lifecycle.PreStop)
	}
	w.Pod.Resources = resources(container.Resources, spec.Resources)
	w.Pod.Mounts = mounts(*w)
	own := &w.Pod.Containers[w.container].Probes
	for field, probe := range map[string]*deployment.Probe{"readinessProbe": own.Readiness, "livenessProbe": own.Liveness, "startupProbe": own.Startup} {
		if probe != nil {
			probe.Origin = origin(w.object, w.path(field)...)
			probe.Origin.Container = container.Name
		}
	}
	w.Update = update(w.object)
	w.Autoscalers = in.autoscalers(w.object)
}

func probes(c corev1.Container) deployment.Probes {
	return deployment.Probes{Readiness: probe(c.ReadinessProbe), Liveness: probe(c.LivenessProbe), Startup: probe(c.StartupProbe)}
}

// probe is a probe with the API server's defaults (k8s.io/kubernetes
// pkg/apis/core/v1, SetDefaults_Probe); nil where it does not say how to ask.
func probe(p *corev1.Probe) *deployment.Probe {
	if p == nil {
		return nil
	}
	out := &deployment.Probe{
		Delay:    time.Duration(p.InitialDelaySeconds) * time.Second,
		Period:   time.Duration(cmp.Or(p.PeriodSeconds, 10)) * time.Second,
		Failures: int(cmp.Or(p.FailureThreshold, 3)),
	}
	switch {
	case p.HTTPGet != nil:
		out.Kind, out.Path = deployment.ProbeHTTP, "/"+strings.TrimLeft(p.HTTPGet.Path, "/")
		out.Path, _, _ = strings.Cut(out.Path, "?")
		out.Host, out.HTTPS = p.HTTPGet.Host, p.HTTPGet.Scheme == corev1.URISchemeHTTPS
		if port := p.HTTPGet.Port; port.Type == intstr.String {
			out.PortName = port.StrVal
		} else {
			out.Port = port.IntValue()
		}
	case p.TCPSocket != nil:
		out.Kind = deployment.ProbeTCP
	case p.GRPC != nil:
		out.Kind = deployment.ProbeGRPC
	case p.Exec != nil:
		out.Kind = deployment.ProbeCommand
	default:
		return nil
	}
	return out
}

// sleeps finds a sleep of seconds in a command.
var sleeps = regexp.MustCompile(`(?:^|[\s;&/])sleep\s+(\d+)s?(?:$|[\s;&])`)

// preStop reads a hook. A command that does not sleep may wait for something else.
func preStop(hook corev1.LifecycleHandler) *deployment.PreStop {
	if hook.Sleep != nil {
		return &deployment.PreStop{Sleep: time.Duration(hook.Sleep.Seconds) * time.Second}
	}
	if hook.Exec != nil {
		if m := sleeps.FindStringSubmatch(strings.Join(hook.Exec.Command, " ")); m != nil {
			if seconds, err := strconv.ParseInt(m[1], 10, 32); err == nil {
				return &deployment.PreStop{Sleep: time.Duration(seconds) * time.Second}
			}
		}
	}
	return &deployment.PreStop{Opaque: true}
}

// resources are the limits of a container, else its requests, else the same of its
// pod.
func resources(own corev1.ResourceRequirements, pod *corev1.ResourceRequirements) deployment.Resources {
	type stated struct {
		field string
		list  corev1.ResourceList
	}
	all := []stated{{"limits", own.Limits}, {"requests", own.Requests}}
	if pod != nil {
		all = append(all, stated{"limits", pod.Limits}, stated{"requests", pod.Requests})
	}
	var out deployment.Resources
	for _, s := range all {
		if cpu, ok := s.list[corev1.ResourceCPU]; ok && out.CPUField == "" {
			out.MilliCPU, out.CPUField = cpu.MilliValue(), s.field+".cpu"
		}
		if memory, ok := s.list[corev1.ResourceMemory]; ok && out.MemoryField == "" {
			out.Memory, out.MemoryField = memory.Value(), s.field+".memory"
		}
	}
	return out
}

// update is how a Deployment replaces its pods, with the API server's defaults
// (k8s.io/kubernetes pkg/apis/apps/v1, SetDefaults_Deployment). One that is scaled to
// zero, or that does not decode, replaces none.
func update(o manifest.Object) *deployment.Update {
	var d appsv1.Deployment
	if o.Kind != "Deployment" || o.Into(&d) != nil || d.Spec.Replicas != nil && *d.Spec.Replicas == 0 {
		return nil
	}
	out := &deployment.Update{Shown: string(d.Spec.Strategy.Type), Origin: origin(o, "spec", "strategy")}
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return out
	}
	surge := "25%"
	if rolling := d.Spec.Strategy.RollingUpdate; rolling != nil && rolling.MaxSurge != nil {
		surge = rolling.MaxSurge.String()
	}
	// Any share of pods above none is rounded up to one.
	out.Surges = strings.TrimRight(surge, "0%") != ""
	out.Shown = "RollingUpdate with maxSurge " + surge
	return out
}
