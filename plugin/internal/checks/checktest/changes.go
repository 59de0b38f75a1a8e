package checktest

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// RelayIs sets the relay URL.
func RelayIs(url string) func(*World) { return func(w *World) { w.Set(coder.RelayURL, url) } }

// With adds documents to the input.
func With(docs ...string) func(*World) {
	return func(w *World) { w.Extra = append(w.Extra, docs...) }
}

// CustomRelays turns the embedded relay off, for relays of the user's own.
func CustomRelays(w *World) {
	w.Set(coder.DERPServerEnable, "false")
	w.Set(coder.DERPConfigURL, "https://derp.example.com/map.json")
}

// ServeTLS serves TLS on 8443 with the certificate of Secret coder-tls, which is
// not in the input.
func ServeTLS(w *World) {
	w.Set(coder.TLSEnable, "true")
	w.Set(coder.TLSAddress, "0.0.0.0:8443")
	w.Set(coder.TLSCertFile, "/etc/ssl/certs/coder/coder-tls/tls.crt")
	w.Set(coder.TLSKeyFile, "/etc/ssl/certs/coder/coder-tls/tls.key")
	w.Container().VolumeMounts = []corev1.VolumeMount{{Name: "tls", MountPath: "/etc/ssl/certs/coder/coder-tls"}}
	w.Pod().Volumes = []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "coder-tls"}}}}
}

// HTTPSRelay serves TLS, and gives each replica an https relay URL.
func HTTPSRelay(w *World) {
	ServeTLS(w)
	RelayIs("https://$(KUBE_POD_IP):8443")(w)
}
