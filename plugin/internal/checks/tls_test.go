package checks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// tlsOn serves TLS on 8443 with the certificate of Secret coder-tls, which is
// not in the input.
func tlsOn(w *world) {
	w.set("CODER_TLS_ENABLE", "true")
	w.set("CODER_TLS_ADDRESS", "0.0.0.0:8443")
	w.set("CODER_TLS_CERT_FILE", "/etc/ssl/certs/coder/coder-tls/tls.crt")
	w.set("CODER_TLS_KEY_FILE", "/etc/ssl/certs/coder/coder-tls/tls.key")
	w.container().VolumeMounts = []corev1.VolumeMount{{Name: "tls", MountPath: "/etc/ssl/certs/coder/coder-tls"}}
	w.pod().Volumes = []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "coder-tls"}}}}
}

func httpsRelay(w *world) {
	tlsOn(w)
	w.set(relayVar, "https://$(KUBE_POD_IP):8443")
}

// withCertificate puts the Secret with a certificate into the input.
func withCertificate(t *testing.T, end time.Time, names ...string) func(*world) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: end.AddDate(-1, 0, 0), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	crt := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return func(w *world) {
		httpsRelay(w)
		w.extra = append(w.extra, fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: coder-tls, namespace: coder}, data: {tls.crt: %s, tls.key: ''}}", crt))
	}
}

func TestRelayOverTLS(t *testing.T) {
	far := newWorld().now.AddDate(1, 0, 0)
	judge(t, "relay-tls-disabled",
		skips("plain http", "plain http", nil),
		fires("https without TLS", "TLS is not enabled", relayIs("https://$(KUBE_POD_IP):8080")),
		passes("https with TLS", httpsRelay),
		skips("a word that coderd does not take", "its value yes is neither true nor false", func(w *world) {
			w.set("CODER_TLS_ENABLE", "yes")
			relayIs("https://$(KUBE_POD_IP):8443")(w)
		}),
		skips("a Secret that is not there may enable it", "CODER_TLS_ENABLE", func(w *world) {
			w.envFromSecret("more")
			relayIs("https://$(KUBE_POD_IP):8443")(w)
		}),
	)
	judge(t, "relay-tls-self-signed",
		passes("certificate files", httpsRelay),
		fires("no certificate files", "its own certificate", func(w *world) {
			httpsRelay(w)
			w.unset("CODER_TLS_CERT_FILE")
			w.unset("CODER_TLS_KEY_FILE")
		}),
		skips("plain http relays do not care", "plain http", func(w *world) { w.set("CODER_TLS_ENABLE", "true") }),
	)
	judge(t, "relay-tls-san",
		passes("the access URL's host", withCertificate(t, far, "coder.example.com")),
		passes("a wildcard over it", withCertificate(t, far, "*.example.com")),
		fires("another host", "no certificate covers coder.example.com", withCertificate(t, far, "internal.example.com")),
		skips("the certificate is not in the input", "Secret coder/coder-tls", httpsRelay),
	)
	judge(t, "relay-tls-client-auth",
		passes("none", httpsRelay),
		fires("required", "client certificate", func(w *world) { httpsRelay(w); w.set("CODER_TLS_CLIENT_AUTH", "require-and-verify") }),
		fires("any required", "client certificate", func(w *world) { httpsRelay(w); w.set("CODER_TLS_CLIENT_AUTH", "require-any") }),
		passes("verified if given", func(w *world) { httpsRelay(w); w.set("CODER_TLS_CLIENT_AUTH", "verify-if-given") }),
		skips("plain http relays do not care", "plain http", func(w *world) { tlsOn(w); w.set("CODER_TLS_CLIENT_AUTH", "require-any") }),
	)
	judge(t, "tls-files-mismatch",
		skips("TLS is off", "not enabled", func(w *world) { w.set("CODER_TLS_CERT_FILE", "/a,/b") }),
		passes("as many keys", tlsOn),
		fires("a key is missing", "differ in number", func(w *world) { tlsOn(w); w.set("CODER_TLS_CERT_FILE", "/a.crt,/b.crt") }),
	)
	judge(t, "tls-expiry",
		passes("a year left", withCertificate(t, far, "coder.example.com")),
		warns("13 days left", "ends in 13 days", withCertificate(t, newWorld().now.AddDate(0, 0, 13), "coder.example.com")),
		passes("15 days left", withCertificate(t, newWorld().now.AddDate(0, 0, 15), "coder.example.com")),
		fires("over", "has expired", withCertificate(t, newWorld().now.Add(-time.Hour), "coder.example.com")),
		skips("not in the input", "Secret coder/coder-tls", tlsOn),
	)
}
