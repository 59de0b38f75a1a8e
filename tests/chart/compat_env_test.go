package chart_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// setEnv puts an entry in the place of the one with its name.
func (w *world) setEnv(entry corev1.EnvVar) {
	env := w.coder().Env
	env[slices.IndexFunc(env, func(e corev1.EnvVar) bool { return e.Name == entry.Name })] = entry
}

// dropEnv removes a name.
func (w *world) dropEnv(name string) {
	w.coder().Env = slices.DeleteFunc(w.coder().Env, func(e corev1.EnvVar) bool { return e.Name == name })
}

// addEnv adds entries at the end.
func (w *world) addEnv(entries ...corev1.EnvVar) { w.coder().Env = append(w.coder().Env, entries...) }

// insertEnv puts an entry before another name.
func (w *world) insertEnv(before string, entry corev1.EnvVar) {
	env := w.coder().Env
	at := slices.IndexFunc(env, func(e corev1.EnvVar) bool { return e.Name == before })
	w.coder().Env = slices.Insert(env, at, entry)
}

func TestUpstreamEnvironmentValuesHaveTheUpstreamEffect(t *testing.T) {
	checkCompat(t, []compatCase{
		{
			name: "entries of any kind follow the chart's, in their order",
			values: `
coder:
  env:
    - {name: CODER_PG_CONNECTION_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}
    - {name: CODER_VERBOSE, value: "true"}
    - {name: EMPTY}`,
			upstream: func(w *world) {
				w.addEnv(secretEnv("CODER_PG_CONNECTION_URL", "db", "url"),
					corev1.EnvVar{Name: "CODER_VERBOSE", Value: "true"}, corev1.EnvVar{Name: "EMPTY"})
			},
		},
		{
			name: "access URL, metrics and profiling addresses step aside",
			values: `
coder:
  env:
    - {name: CODER_PPROF_ADDRESS, value: 127.0.0.1:6060}
    - {name: CODER_ACCESS_URL, valueFrom: {configMapKeyRef: {name: settings, key: url}}}
    - {name: CODER_PROMETHEUS_ADDRESS, value: 127.0.0.1:2112}`,
			upstream: func(w *world) {
				for _, name := range []string{"CODER_ACCESS_URL", "CODER_PROMETHEUS_ADDRESS", "CODER_PPROF_ADDRESS"} {
					w.dropEnv(name)
				}
				w.addEnv(
					corev1.EnvVar{Name: "CODER_PPROF_ADDRESS", Value: "127.0.0.1:6060"},
					corev1.EnvVar{Name: "CODER_ACCESS_URL", ValueFrom: &corev1.EnvVarSource{
						ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
							LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}, Key: "url",
						},
					}},
					corev1.EnvVar{Name: "CODER_PROMETHEUS_ADDRESS", Value: "127.0.0.1:2112"})
			},
		},
		{
			name:   "no access URL of the chart's when it comes from elsewhere",
			values: `coder: {envUseClusterAccessURL: false, envFrom: [{secretRef: {name: all}}, {configMapRef: {name: more, optional: true}}]}`,
			upstream: func(w *world) {
				w.dropEnv("CODER_ACCESS_URL")
				w.coder().EnvFrom = []corev1.EnvFromSource{
					{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "all"}}},
					{ConfigMapRef: &corev1.ConfigMapEnvSource{
						LocalObjectReference: corev1.LocalObjectReference{Name: "more"}, Optional: new(true),
					}},
				}
			},
		},
		{
			name:   "metrics get a port when the value is the string true",
			values: `coder: {env: [{name: CODER_PROMETHEUS_ENABLE, value: "true"}]}`,
			upstream: func(w *world) {
				w.addEnv(corev1.EnvVar{Name: "CODER_PROMETHEUS_ENABLE", Value: "true"})
				w.coder().Ports = append(w.coder().Ports, tcpPort("prometheus-http", 2112))
			},
		},
		{
			name:   "metrics from a reference get no port",
			values: `coder: {env: [{name: CODER_PROMETHEUS_ENABLE, valueFrom: {secretKeyRef: {name: s, key: k}}}]}`,
			upstream: func(w *world) {
				w.addEnv(secretEnv("CODER_PROMETHEUS_ENABLE", "s", "k"))
			},
		},
		{
			name:   "the key of external provisioners comes before the access URL",
			values: `provisionerDaemon: {pskSecretName: coder-provisionerd-psk}`,
			upstream: func(w *world) {
				w.insertEnv("CODER_ACCESS_URL", secretEnv("CODER_PROVISIONER_DAEMON_PSK", "coder-provisionerd-psk", "psk"))
			},
		},
		{
			name: "two TLS secrets, CA bundles, and volumes of one's own",
			values: `
coder:
  tls: {secretNames: [coder-tls, "7"]}
  certs: {secrets: [{name: corp-ca, key: ca.crt}]}
  volumes: [{name: cache, emptyDir: {}}]
  volumeMounts: [{name: cache, mountPath: /home/coder/.cache}]`,
			upstream: withTLS,
		},
	})
}

// withTLS is what two TLS secrets, a CA bundle and a volume make upstream.
func withTLS(w *world) {
	w.setEnv(corev1.EnvVar{Name: "CODER_ACCESS_URL", Value: "https://coder." + w.workload.Namespace + ".svc.cluster.local"})
	w.addEnv(
		corev1.EnvVar{Name: "CODER_TLS_ENABLE", Value: "true"},
		corev1.EnvVar{Name: "CODER_TLS_ADDRESS", Value: "0.0.0.0:8443"},
		corev1.EnvVar{Name: "CODER_TLS_CERT_FILE", Value: "/etc/ssl/certs/coder/coder-tls/tls.crt,/etc/ssl/certs/coder/7/tls.crt"},
		corev1.EnvVar{Name: "CODER_TLS_KEY_FILE", Value: "/etc/ssl/certs/coder/coder-tls/tls.key,/etc/ssl/certs/coder/7/tls.key"})
	w.coder().Ports = append(w.coder().Ports, tcpPort("https", 8443))
	w.pod().Volumes = []corev1.Volume{
		{Name: "tls-coder-tls", VolumeSource: secretVolume("coder-tls")},
		{Name: "tls-7", VolumeSource: secretVolume("7")},
		{Name: "ca-cert-corp-ca", VolumeSource: secretVolume("corp-ca")},
		{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	}
	w.coder().VolumeMounts = []corev1.VolumeMount{
		{Name: "tls-coder-tls", MountPath: "/etc/ssl/certs/coder/coder-tls", ReadOnly: true},
		{Name: "tls-7", MountPath: "/etc/ssl/certs/coder/7", ReadOnly: true},
		{Name: "ca-cert-corp-ca", MountPath: "/etc/ssl/certs/corp-ca.crt", SubPath: "ca.crt", ReadOnly: true},
		{Name: "cache", MountPath: "/home/coder/.cache"},
	}
	w.service.Spec.Ports = append(w.service.Spec.Ports, httpsServicePort())
}

func secretVolume(name string) corev1.VolumeSource {
	return corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name}}
}
