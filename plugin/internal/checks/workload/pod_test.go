package workload

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

// single is one replica of a Deployment with a strategy, which is added in text: the
// workload of the world is a StatefulSet.
func single(strategy string) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Options.Workloads = []string{"Deployment/single"}
		w.Extra = append(w.Extra, `{apiVersion: apps/v1, kind: Deployment, metadata: {name: single, namespace: coder}, spec: {`+strategy+`
  template: {metadata: {labels: {app: single}}, spec: {containers: [{name: coder, image: "ghcr.io/coder/coder:v2.38.0"}]}}}}`)
	}
}

// image is that of coderd.
func image(reference string) func(*checktest.World) {
	return func(w *checktest.World) { w.Container().Image = reference }
}

// sized gives coderd's container limits and requests.
func sized(limits, requests corev1.ResourceList) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Container().Resources = corev1.ResourceRequirements{Limits: limits, Requests: requests}
	}
}

func podCases(_ *testing.T, c *checktest.Cases) {
	c.About("surge-single-replica",
		checktest.Advises("the default", "two replicas run for a while", single("")),
		checktest.Advises("a surge of one", "two replicas run for a while", single("replicas: 1, strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}},")),
		checktest.Advises("a small share", "two replicas run for a while", single(`strategy: {rollingUpdate: {maxSurge: "10%"}},`)),
		checktest.Passes("Recreate", single("strategy: {type: Recreate},")),
		checktest.Passes("no surge", single("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}},")),
		checktest.Passes("a share of nothing", single(`strategy: {rollingUpdate: {maxSurge: "0%", maxUnavailable: 1}},`)),
		checktest.Skips("two replicas", "more than one replica", single("replicas: 2,")),
		checktest.Skips("scaled to zero", "no Deployment replaces", single("replicas: 0,")),
		checktest.Skips("a StatefulSet", "no Deployment replaces", func(w *checktest.World) { w.Replicas(1) }),
		checktest.Skips("hosts", "no pods", checktest.OnHosts(nil)),
	)
	c.About("image-mutable-tag",
		checktest.Passes("a version", nil),
		checktest.Warns("latest", "different versions of Coder", image("ghcr.io/coder/coder:latest")),
		checktest.Warns("no tag", "different versions of Coder", image("ghcr.io/coder/coder")),
		checktest.Warns("no tag behind a port", "different versions of Coder", image("registry.example.com:5000/coder")),
		checktest.Passes("a tag behind a port", image("registry.example.com:5000/coder:v2.38.0")),
		checktest.Passes("latest with a digest", image("ghcr.io/coder/coder:latest@sha256:0000000000000000000000000000000000000000000000000000000000000000")),
		checktest.Passes("another name", image("ghcr.io/coder/coder:latest-2.38")),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) {
			image("ghcr.io/coder/coder:latest")(w)
			w.Replicas(1)
		}),
		checktest.Skips("a DeploymentConfig", "image trigger", func(w *checktest.World) {
			image("coder:latest")(w)
			w.Workload.Kind = "DeploymentConfig"
		}),
		checktest.Skips("hosts", "no pods", checktest.OnHosts(nil)),
	)
	small, large := checktest.Size("1", "1Gi"), checktest.Size("4", "12Gi")
	c.About("resources-small",
		checktest.Passes("2 CPUs and 8Gi", nil),
		checktest.Passes("2 CPUs and 8G, as Coder writes it", sized(checktest.Size("2000m", "8G"), nil)),
		checktest.Advises("less memory", "less than Coder advises", sized(checktest.Size("2", "4Gi"), nil)),
		checktest.Advises("less CPU", "less than Coder advises", sized(checktest.Size("1999m", "8Gi"), nil)),
		checktest.Advises("small requests alone", "less than Coder advises", sized(nil, small)),
		checktest.Passes("small requests below large limits", sized(large, small)),
		checktest.Advises("a small limit for the memory alone", "less than Coder advises", sized(corev1.ResourceList{corev1.ResourceMemory: small[corev1.ResourceMemory]}, nil)),
		checktest.Skips("none", "does not state both", sized(nil, nil)),
		checktest.Passes("those of the pod", func(w *checktest.World) {
			sized(nil, nil)(w)
			w.Pod().Resources = &corev1.ResourceRequirements{Limits: large}
		}),
		checktest.Skips("hosts", "no pods", checktest.OnHosts(nil)),
	)
}
