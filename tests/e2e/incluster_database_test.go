package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// noDatabase is a policy that lets pods with a label reach the name server, and each
// other.
const noDatabase = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: no-database}
spec:
  podSelector: {matchLabels: {database: closed}}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 53, protocol: UDP}, {port: 53}, {port: 8080}, {port: 6222}]
`

// TestFaultsOfTheDatabaseShowFromThePlacesOfTheReplicas are those of the way to it, of
// its password, and of where the pods have its URL from.
func TestFaultsOfTheDatabaseShowFromThePlacesOfTheReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	host := fmt.Sprintf("postgres.%s.svc.cluster.local", w.side)
	_, err := w.client.CoreV1().Secrets(w.ns).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "other-urls"}, StringData: map[string]string{
			"closed":   "postgres://coder:e2e-password@" + host + ":5433/coder?sslmode=disable",
			"nowhere":  "postgres://coder:e2e-password@nowhere." + host + ":5432/coder?sslmode=disable",
			"password": "postgres://coder:e2e-password-of-before@" + host + ":5432/coder?sslmode=disable",
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	w.kubectl(noDatabase, "apply", "-f", "-")
	key := func(secret, name string) []string {
		return []string{
			"--set", "coder.env[0].name=CODER_PG_CONNECTION_URL",
			"--set", "coder.env[0].valueFrom.secretKeyRef.name=" + secret, "--set", "coder.env[0].valueFrom.secretKeyRef.key=" + name,
		}
	}
	w.try(
		trial{fault: "Nothing listens on the port of the database", args: key("other-urls", "closed")},
		trial{fault: "The host of the database has no address", args: key("other-urls", "nowhere")},
		trial{fault: "The password in the Secret is wrong", args: key("other-urls", "password")},
		trial{fault: "The Secret with the URL is missing", args: key("no-secret", "url")},
		trial{fault: "The Secret with the URL has no such key", args: key("other-urls", "url")},
		trial{fault: "The URL comes from a ConfigMap that is missing", values: `
coder:
  env: null
  envFrom:
    - configMapRef: {name: no-config}
`},
		trial{
			fault: "This machine reaches the database, and the pods do not",
			args:  []string{"--set", "coder.podLabels.database=closed", "--postgres-url-file", w.tunnel()},
		},
	)
	// The other way round, the pods say how it is.
	r := w.rehearse(w.cluster.Kubeconfig)
	status, said := r.check("postgres-unreachable")
	assert.Equal(t, "passed", status, said)
}
