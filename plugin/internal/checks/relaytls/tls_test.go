package relaytls

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
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

// withCertificate puts the Secret with a certificate into the input.
func withCertificate(t *testing.T, end time.Time, names ...string) func(*checktest.World) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: end.AddDate(-1, 0, 0), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	crt := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return func(w *checktest.World) {
		checktest.HTTPSRelay(w)
		w.Extra = append(w.Extra, fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: coder-tls, namespace: coder}, data: {tls.crt: %s, tls.key: ''}}", crt))
	}
}

// beside puts the certificate into a projected volume, before another source.
func beside(t *testing.T, source string, change func(*checktest.World)) func(*checktest.World) {
	t.Helper()
	return func(w *checktest.World) {
		change(w)
		var more corev1.VolumeProjection
		require.NoError(t, yaml.Unmarshal([]byte(source), &more))
		w.Pod().Volumes = []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "coder-tls"}}}, more,
		}}}}}
	}
}

func httpsCases(t *testing.T, c *checktest.Cases) {
	far := checktest.NewWorld().Now.AddDate(1, 0, 0)
	c.About("relay-tls-disabled",
		checktest.Skips("plain http", "plain http", nil),
		checktest.Skips("the access URL", "see relay-url-equals-access-url", checktest.RelayIs("https://coder.example.com")),
		checktest.Fires("https without TLS", "TLS is not enabled", checktest.RelayIs("https://$(KUBE_POD_IP):8080")),
		checktest.Passes("https with TLS", checktest.HTTPSRelay),
		checktest.Skips("a word that coderd does not take", "its value yes is neither true nor false", func(w *checktest.World) {
			w.Set("CODER_TLS_ENABLE", "yes")
			checktest.RelayIs("https://$(KUBE_POD_IP):8443")(w)
		}),
		checktest.Skips("a Secret that is not there may enable it", "CODER_TLS_ENABLE", func(w *checktest.World) {
			w.EnvFromSecret("more")
			checktest.RelayIs("https://$(KUBE_POD_IP):8443")(w)
		}),
	)
	c.About("relay-tls-self-signed",
		checktest.Passes("certificate files", checktest.HTTPSRelay),
		checktest.Fires("no certificate files", "its own certificate", func(w *checktest.World) {
			checktest.HTTPSRelay(w)
			w.Unset("CODER_TLS_CERT_FILE")
			w.Unset("CODER_TLS_KEY_FILE")
		}),
		checktest.Skips("plain http relays do not care", "plain http", func(w *checktest.World) { w.Set("CODER_TLS_ENABLE", "true") }),
	)
	c.About("relay-tls-san",
		checktest.Passes("the access URL's host", withCertificate(t, far, "coder.example.com")),
		checktest.Passes("a wildcard over it", withCertificate(t, far, "*.example.com")),
		checktest.Fires("another host", "no certificate covers coder.example.com", withCertificate(t, far, "internal.example.com")),
		checktest.Skips("the certificate is not in the input", "Secret coder/coder-tls", checktest.HTTPSRelay),
		checktest.Passes("the first of two sources of a projected volume", beside(t, "{configMap: {name: more}}", withCertificate(t, far, "coder.example.com"))),
		checktest.Fires("another host, in the first of two sources", "no certificate covers coder.example.com", beside(t, "{secret: {name: more}}", withCertificate(t, far, "internal.example.com"))),
		checktest.Skips("the Secret is there and lacks the file", "which has no such file", func(w *checktest.World) {
			withCertificate(t, far, "coder.example.com")(w)
			w.Set("CODER_TLS_CERT_FILE", "/etc/ssl/certs/coder/coder-tls/other.crt")
		}),
	)
	c.About("relay-tls-client-auth",
		checktest.Passes("none", checktest.HTTPSRelay),
		checktest.Fires("required", "client certificate", func(w *checktest.World) {
			checktest.HTTPSRelay(w)
			w.Set("CODER_TLS_CLIENT_AUTH", "require-and-verify")
		}),
		checktest.Fires("any required", "client certificate", func(w *checktest.World) { checktest.HTTPSRelay(w); w.Set("CODER_TLS_CLIENT_AUTH", "require-any") }),
		checktest.Passes("verified if given", func(w *checktest.World) { checktest.HTTPSRelay(w); w.Set("CODER_TLS_CLIENT_AUTH", "verify-if-given") }),
		checktest.Skips("plain http relays do not care", "plain http", func(w *checktest.World) { checktest.ServeTLS(w); w.Set("CODER_TLS_CLIENT_AUTH", "require-any") }),
	)
	c.About("tls-files-mismatch",
		checktest.Skips("TLS is off", "not enabled", func(w *checktest.World) { w.Set("CODER_TLS_CERT_FILE", "/a,/b") }),
		checktest.Passes("as many keys", checktest.ServeTLS),
		checktest.Fires("a key is missing", "the numbers of certificate and key files differ", func(w *checktest.World) { checktest.ServeTLS(w); w.Set("CODER_TLS_CERT_FILE", "/a.crt,/b.crt") }),
	)
	c.About("tls-expiry",
		checktest.Passes("a year left", withCertificate(t, far, "coder.example.com")),
		checktest.Warns("13 days left", "ends in 13 days", withCertificate(t, checktest.NewWorld().Now.AddDate(0, 0, 13), "coder.example.com")),
		checktest.Passes("15 days left", withCertificate(t, checktest.NewWorld().Now.AddDate(0, 0, 15), "coder.example.com")),
		checktest.Fires("over", "has expired", withCertificate(t, checktest.NewWorld().Now.Add(-time.Hour), "coder.example.com")),
		checktest.Skips("not in the input", "Secret coder/coder-tls", checktest.ServeTLS),
	)
}
