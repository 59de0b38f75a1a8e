package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// servesTLS is a StatefulSet whose replica serves its relay over TLS, by a Secret of
// its own.
const servesTLS = `---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  replicas: 1
  serviceName: %[1]s
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      containers:
      - name: coder
        image: %[3]s
        imagePullPolicy: Never
        args: [server]
        securityContext:
          {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}
        env:
        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: CODER_ACCESS_URL, value: "https://coder.example.com"}
        - {name: CODER_DERP_SERVER_RELAY_URL, value: "https://$(POD_IP):8443"}
        - {name: CODER_CLUSTER_HOST, value: $(POD_IP)}
        - {name: CODER_HTTP_ADDRESS, value: "0.0.0.0:8080"}
        - {name: CODER_TLS_ENABLE, value: "true"}
        - {name: CODER_TLS_ADDRESS, value: "0.0.0.0:8443"}
        - {name: CODER_TLS_CERT_FILE, value: /tls/tls.crt}
        - {name: CODER_TLS_KEY_FILE, value: /tls/tls.key}
        - {name: CODER_PG_CONNECTION_URL, valueFrom: {secretKeyRef: {name: coder-db-url, key: url}}}
        volumeMounts: [{name: tls, mountPath: /tls}]
      volumes: [{name: tls, secret: {secretName: %[1]s-tls}}]
`

// TestCertificatesAreTriedFromThePlacesOfTheReplicas has replicas of two workloads whose
// certificates are of one authority, and then of two.
func TestCertificatesAreTriedFromThePlacesOfTheReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	manifest := filepath.Join(t.TempDir(), "manifest.yaml")
	image := images.StandInRepository + ":" + images.Versions[0]
	text := fmt.Sprintf(servesTLS, "east", w.ns, image) + fmt.Sprintf(servesTLS, "west", w.ns, image)
	require.NoError(t, os.WriteFile(manifest, []byte(text), 0o600))
	run := func() rehearsed {
		output, code := w.plugin(w.cluster.Kubeconfig, "validate", "--namespace", w.ns, "--manifest", manifest, "--workload", "StatefulSet/east", "--workload", "StatefulSet/west", "--coder-version", "2.38", "--in-cluster", "--output", "json")
		require.LessOrEqual(t, code, 1, output)
		return w.rehearsed(output)
	}
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	w.tlsSecret("east", ours)
	w.tlsSecret("west", ours)
	r := run()
	for _, id := range []string{"relay-unreachable", "relay-tls-untrusted", "relay-tls-san", "tls-expiry"} {
		status, said := r.check(id)
		assert.Equal(t, "passed", status, "%s: %s", id, said)
	}

	require.NoError(t, w.client.CoreV1().Secrets(w.ns).Delete(t.Context(), "west-tls", metav1.DeleteOptions{}))
	w.tlsSecret("west", theirs)
	tells(t, "The replicas of two workloads have certificates of two authorities", run().text)
	w.nothingLeft()
}

// authority issues certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{parsed, key}
}

// tlsSecret makes the Secret of a workload: a certificate for the access URL's host,
// with that of its authority.
func (w *world) tlsSecret(workload string, by authority) {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(w.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: workload}, DNSNames: []string{"coder.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 6, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, &key.PublicKey, by.key)
	require.NoError(w.t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(w.t, err)
	encoded := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	_, err = w.client.CoreV1().Secrets(w.ns).Create(w.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: workload + "-tls"}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{
			corev1.TLSCertKey:       append(encoded("CERTIFICATE", der), encoded("CERTIFICATE", by.certificate.Raw)...),
			corev1.TLSPrivateKeyKey: encoded("PRIVATE KEY", private),
		},
	}, metav1.CreateOptions{})
	require.NoError(w.t, err)
}
