package checks

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

// The words of an example that say what is set and what is not.
var (
	assigned = regexp.MustCompile(`\b((?:CODER|KUBE)_[A-Z_]+)=(\S+)`)
	unset    = regexp.MustCompile(`\b(CODER_[A-Z_]+) is not set|without (CODER_[A-Z_]+)(?:=\S+)?|neither (CODER_[A-Z_]+) nor`)
	version  = regexp.MustCompile(`\bCoder (2\.\d+)`)
)

// around is what examples say beside settings of all replicas.
var around = map[string]func(*checktest.World){
	"relay-tls-self-signed": checktest.HTTPSRelay,
	"relay-tls-client-auth": checktest.HTTPSRelay,
	"relay-url-unresolvable": func(w *checktest.World) {
		w.Container().Env = append([]corev1.EnvVar{checktest.Field("POD_NAME", "metadata.name")}, w.Container().Env...)
	},
	"relay-url-unexpanded": func(w *checktest.World) {
		w.Unset("KUBE_POD_IP")
		w.Put(checktest.Field("KUBE_POD_IP", "status.podIP"))
	},
	"relay-region-mismatch": onOneHost("CODER_DERP_SERVER_REGION_ID=998"),
	"tls-files-mismatch":    checktest.ServeTLS,
	"cluster-host-custom-relays": func(w *checktest.World) {
		checktest.CustomRelays(w)
		w.Unset("CODER_DERP_SERVER_RELAY_URL")
	},
	"cluster-host-missing": func(w *checktest.World) { w.Unset("CODER_DERP_SERVER_RELAY_URL") },
	"cluster-host-ipv6":    func(w *checktest.World) { w.Set("CODER_EXPERIMENTS", "nats_pubsub") },
	"cluster-mixed-pubsub": onOneHost("CODER_EXPERIMENTS=no_nats_pubsub"),
	"proxy-trusted-headers": checktest.With(`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: coder, namespace: coder}, spec: {rules: [
  {http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: coder, port: {name: http}}}}]}}]}}`),
	"cache-directory-shared": func(w *checktest.World) {
		w.Container().VolumeMounts = append(w.Container().VolumeMounts, corev1.VolumeMount{Name: "cache", MountPath: "/cache"})
		w.Pod().Volumes = append(w.Pod().Volumes, corev1.Volume{Name: "cache", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "cache"},
		}})
	},
	"built-in-provisioners": func(w *checktest.World) {
		minute := int64(60)
		w.Pod().TerminationGracePeriodSeconds = &minute
	},
	"env-file-unreadable": onOneHost("export CODER_ACCESS_URL=https://coder.example.com"),
}

// onOneHost adds a line to the environment file of one of three hosts.
func onOneHost(line string) func(*checktest.World) {
	return checktest.OnHosts(func(h *checktest.HostFiles) { h.Add("coder-2", line) })
}

// TestTheExamplesOfThePageOfChecksFire makes what the examples of docs/checks.md say in
// settings, and looks whether the check that they stand at fires.
func TestTheExamplesOfThePageOfChecksFire(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, c := range All() {
		sets, clears := assigned.FindAllStringSubmatch(unset.ReplaceAllString(c.Example, ""), -1), unset.FindAllStringSubmatch(c.Example, -1)
		if len(sets)+len(clears) == 0 {
			continue
		}
		tried++
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			w := checktest.NewWorld()
			if change := around[c.ID]; change != nil {
				change(w)
			}
			if m := version.FindStringSubmatch(c.Example); m != nil {
				w.Version("v" + m[1] + ".0")
			}
			for _, m := range clears {
				w.Unset(m[1] + m[2] + m[3])
			}
			for _, m := range sets {
				w.Set(m[1], strings.TrimSuffix(m[2], ","))
			}
			for _, o := range check.Judge(All(), w.Case(t), nil) {
				if o.ID == c.ID {
					assert.Equal(t, check.Failed, o.Status, "%s\n%+v", c.Example, o.Skip)
				}
			}
		})
	}
	assert.Greater(t, tried, 35, "more than a third of the examples are settings")
}
