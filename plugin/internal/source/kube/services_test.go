package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

func TestAServiceHasTheDefaultsOfTheAPIServer(t *testing.T) {
	d := build(t, "args: [server]", `{apiVersion: v1, kind: Service, metadata: {name: s, namespace: ns}, spec: {selector: {app: coder}, ports: [{port: 80}, {port: 81, targetPort: 8080}, {port: 82, targetPort: http}]}}`)
	require.Len(t, d.Services, 1)
	assert.Equal(t, "ClusterIP", d.Services[0].Type)
	assert.Equal(t, []deployment.ServicePort{{Port: 80, TargetPort: 80}, {Port: 81, TargetPort: 8080}, {Port: 82, TargetName: "http"}}, d.Services[0].Ports)
}
