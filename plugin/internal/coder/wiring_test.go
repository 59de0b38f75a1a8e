package coder

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWiringIsWrittenAsAListForEnv(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `- name: KUBE_POD_IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- name: CODER_DERP_SERVER_RELAY_URL
  value: http://$(KUBE_POD_IP):8080`, YAML(RelayWiring(8080, false)))
	assert.Equal(t, "http://[$(KUBE_POD_IP)]:8080", RelayWiring(8080, true)[1].Value)
	assert.Equal(t, `- name: CODER_PG_CONNECTION_URL
  valueFrom: {secretKeyRef: {name: coder-db-url, key: url}}`, YAML(DatabaseWiring("coder-db-url", "url")))
}
