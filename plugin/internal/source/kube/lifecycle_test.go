package kube

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// bareDeployment leaves out what the API server fills in, and defaultedDeployment is
// what it keeps of that.
const (
	bareDeployment = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: coder}, spec: {template: {spec: {
  containers: [{name: coder, image: ghcr.io/coder/coder, livenessProbe: {httpGet: {port: 8080}}, startupProbe: {tcpSocket: {port: 8080}},
    resources: {limits: {cpu: 2, memory: 4Gi}}, volumeMounts: [{name: scratch, mountPath: /scratch/}]}],
  volumes: [{name: scratch}]}}}}`
	defaultedDeployment = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: coder}, spec: {replicas: 1,
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: "25%", maxUnavailable: "25%"}}, template: {spec: {terminationGracePeriodSeconds: 30,
  containers: [{name: coder, image: ghcr.io/coder/coder,
    livenessProbe: {httpGet: {path: /, port: 8080, scheme: HTTP}, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3},
    startupProbe: {tcpSocket: {port: 8080}, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3},
    resources: {limits: {cpu: "2", memory: 4Gi}, requests: {cpu: "2", memory: 4Gi}}, volumeMounts: [{name: scratch, mountPath: /scratch/}]}],
  volumes: [{name: scratch, emptyDir: {}}]}}}}`
)

func TestWhatIsLeftOutHasTheAPIServersDefaults(t *testing.T) {
	t.Parallel()
	read := func(doc string) deployment.Workload {
		d, err := find(t, Options{}, doc)
		require.NoError(t, err)
		w := d.Workloads[0]
		probes := w.Pod.CoderContainer().Probes
		w.Origin, w.Update.Origin, w.Pod.Mounts[0].Origin = deployment.Origin{}, deployment.Origin{}, deployment.Origin{}
		probes.Liveness.Origin, probes.Startup.Origin = deployment.Origin{}, deployment.Origin{}
		return w
	}
	bare := read(bareDeployment)
	assert.Equal(t, read(defaultedDeployment), bare)
	assert.Equal(t, 30, bare.Pod.GraceSeconds)
	assert.Equal(t, 30*time.Second, bare.Pod.CoderContainer().Probes.Liveness.Patience())
	assert.Equal(t, deployment.Update{Surges: true, Shown: "RollingUpdate with maxSurge 25%"}, *bare.Update)
	assert.Equal(t, deployment.OwnVolume, bare.Pod.Mounts[0].Sharing)
}

func TestAProbeKnowsItsLine(t *testing.T) {
	t.Parallel()
	d, err := find(t, Options{}, bareDeployment)
	require.NoError(t, err)
	at := d.Workloads[0].Pod.CoderContainer().Probes.Liveness.Origin
	assert.Equal(t, "spec.template.spec.containers[0].livenessProbe", at.Field)
	assert.Equal(t, "coder", at.Container)
	assert.Positive(t, at.Line)
}
