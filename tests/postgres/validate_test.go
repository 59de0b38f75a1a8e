package postgres

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
)

// deployment is three replicas that are as they should be.
const deployment = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: coder, namespace: coder}
spec:
  replicas: 3
  serviceName: coder
  selector: {matchLabels: {app: coder}}
  template:
    metadata: {labels: {app: coder}}
    spec:
      terminationGracePeriodSeconds: 60
      containers:
        - name: coder
          image: ghcr.io/coder/coder:v2.35.1
          readinessProbe: {httpGet: {path: /healthz, port: 8080}}
          env:
            - {name: CODER_HTTP_ADDRESS, value: "0.0.0.0:8080"}
            - {name: CODER_ACCESS_URL, value: "https://coder.example.com"}
            - name: CODER_PG_CONNECTION_URL
              valueFrom: {secretKeyRef: {name: coder-db-url, key: url}}
            - name: KUBE_POD_IP
              valueFrom: {fieldRef: {fieldPath: status.podIP}}
            - {name: CODER_DERP_SERVER_RELAY_URL, value: "http://$(KUBE_POD_IP):8080"}
            - name: CODER_CLUSTER_HOST
              valueFrom: {fieldRef: {fieldPath: status.podIP}}
`

// validate runs the main command against the database.
func validate(t testing.TB, rawURL string, args ...string) preflight.Outcome {
	t.Helper()
	dir := t.TempDir()
	manifest := filepath.Join(dir, "coder.yaml")
	require.NoError(t, os.WriteFile(manifest, []byte(deployment), 0o600))
	env := command.Environment(dir, "CODER_PG_CONNECTION_URL="+rawURL)
	flags := append([]string{"validate", "--manifest", manifest, "-o", "json"}, preflight.Patient...)
	return preflight.Run(t, env, rawURL, append(flags, args...)...)
}

func TestValidateAsksTheDatabaseToo(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	got := validate(t, preflight.CoderDatabase(t, server, preflight.CoderRows{Version: 535, Replicas: preflight.ThreeReplicas()}))
	got.Expect(t, nil, nil)
	assert.Contains(t, got.Note(t, "postgres-connections"), "40 of")
	assert.Contains(t, got.Note(t, "migration-downgrade"), "535")
	assert.Contains(t, got.Note(t, "postgres-foreign-replicas"), "3 replicas of this deployment")
}
