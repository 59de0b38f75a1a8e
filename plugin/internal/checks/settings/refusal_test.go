package settings

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

func set(name, value string) func(*checktest.World) {
	return func(w *checktest.World) { w.Set(name, value) }
}

// starts gives the container coderd's own command, with flags.
func starts(version string, flags ...string) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Version(version)
		w.Container().Command = []string{"/opt/coder"}
		w.Container().Args = append([]string{"server"}, flags...)
	}
}

// configFile mounts a config file of Coder 2.36.
func configFile(name, text string) func(*checktest.World) {
	return func(w *checktest.World) {
		starts("v2.36.1", "--config", "/etc/coder/coder.yaml")(w)
		w.Container().VolumeMounts = []corev1.VolumeMount{{Name: "config", MountPath: "/etc/coder"}}
		w.Pod().Volumes = []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{
			ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "coder-config"}},
		}}}
		w.Extra = append(w.Extra, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coder-config, namespace: coder}\ndata:\n  "+name+": |"+text)
	}
}

func refusalCases(_ *testing.T, c *checktest.Cases) {
	c.About("settings-invalid",
		checktest.Passes("flags that coderd knows", starts("v2.36.1", "--tls-enable=false", "-a", "0.0.0.0:8080")),
		checktest.Fires("a word that is no switch", "the value of CODER_TLS_ENABLE is not true or false", set(coder.TLSEnable, "yes")),
		checktest.Fires("a word with a space", "the value of CODER_DERP_SERVER_ENABLE is not true or false", set(coder.DERPServerEnable, "true ")),
		checktest.Passes("a switch in capitals", set(coder.DERPServerEnable, "TRUE")),
		checktest.Fires("a switch whose value is the next word", "coder server takes no arguments but flags", starts("v2.36.1", "--tls-enable", "true")),
		checktest.Fires("a flag's value", "the value of flag --postgres-conn-max-open is not greater than zero", starts("v2.36.1", "--postgres-conn-max-open=0")),
		checktest.Fires("a flag that does not exist", "there is no flag --relay-url", starts("v2.36.1", "--relay-url", "http://a")),
		checktest.Skips("a flag that a newer version may have", "there is no flag --relay-url, but Coder 2.38 may have settings", starts("v2.38.0", "--relay-url", "http://a")),
		checktest.Skips("a flag of another version", "there is no flag --in-memory, but another version of Coder knows it", starts("v2.27.0", "--in-memory")),
		checktest.Skips("arguments of an image that is not known", "entry point", func(w *checktest.World) { w.Container().Args = []string{"server", "true"} }),
		checktest.Fires("a choice of TLS in capitals", "the value of CODER_TLS_CLIENT_AUTH is not one of none, request", func(w *checktest.World) { checktest.ServeTLS(w); w.Set(coder.TLSClientAuth, "Request") }),
		checktest.Passes("a choice of TLS, which is off", set(coder.TLSClientAuth, "Request")),
		checktest.Skips("what another check reports", "access-url-invalid", set(coder.AccessURL, "coder.example.com")),
		checktest.Passes("hosts without Kubernetes", checktest.OnHosts(nil)),
		checktest.Fires("a value in the file of a host", "the value of CODER_TLS_ENABLE is not true or false", added("CODER_TLS_ENABLE=no")),
		checktest.Passes("a config file", configFile("coder.yaml", "\n    networking:\n      accessURL: https://coder.example.com\n")),
		checktest.Fires("an empty config file", "the value of flag --config names a file that is not a map of settings", configFile("coder.yaml", "\n    # nothing yet\n")),
		checktest.Fires("a config file that is not mounted", "the value of flag --config names a file that cannot be read", configFile("coder.yml", "\n    networking: {}\n")),
		checktest.Fires("a key that does not exist", "there is no setting networking.postgresURL in a config file", configFile("coder.yaml", "\n    networking:\n      postgresURL: x\n")),
		checktest.Fires("a value in a config file", "the value of networking.tls.enable in the config file is not true or false", configFile("coder.yaml", "\n    networking:\n      tls: {enable: maybe}\n")),
		checktest.Passes("a config file that is not in the input", func(w *checktest.World) {
			configFile("coder.yaml", "\n    x: 1\n")(w)
			w.Extra = nil
		}),
	)
}
