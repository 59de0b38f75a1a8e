package checks

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

const goodURL = "postgres://coder:hunter2@db.example.com:5432/coder?sslmode=verify-full"

func urlIs(url string) func(*world) {
	return func(w *world) { w.set("CODER_PG_CONNECTION_URL", url) }
}

// composed is a URL with a part from a Secret that is not in the input.
func composed(url string) func(*world) {
	return func(w *world) {
		w.unset("CODER_PG_CONNECTION_URL")
		w.put(corev1.EnvVar{Name: "DB_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "p"}, Key: "p",
		}}})
		urlIs(url)(w)
	}
}

// cloudSQL adds a proxy that makes sockets in a volume of the pod.
func cloudSQL(w *world) {
	w.container().VolumeMounts = []corev1.VolumeMount{{Name: "sockets", MountPath: "/cloudsql/"}}
	w.pod().Containers = append(w.pod().Containers, corev1.Container{Name: "proxy", Image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14"})
}

func TestPostgresURL(t *testing.T) {
	judge(t, "postgres-url-missing",
		passes("from a Secret that is not in the input", nil),
		passes("written down", urlIs(goodURL)),
		fires("not set", "no database URL", func(w *world) { w.unset("CODER_PG_CONNECTION_URL") }),
		skips("not set, one replica", "one replica", func(w *world) { w.unset("CODER_PG_CONNECTION_URL"); w.replicas(1) }),
		skips("a Secret that is not there may set it", "Secret coder/more", func(w *world) {
			w.unset("CODER_PG_CONNECTION_URL")
			w.envFromSecret("more")
		}),
		passes("by envFrom of a Secret in the input", func(w *world) {
			w.unset("CODER_PG_CONNECTION_URL")
			w.envFromSecret("more")
			with("{apiVersion: v1, kind: Secret, metadata: {name: more, namespace: coder}, stringData: {CODER_PG_CONNECTION_URL: '" + goodURL + "'}}")(w)
		}),
		fires("by envFrom with a prefix that spoils the name", "no database URL", func(w *world) {
			w.unset("CODER_PG_CONNECTION_URL")
			w.container().EnvFrom = []corev1.EnvFromSource{{Prefix: "X_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "more"}}}}
		}),
	)
	judge(t, "postgres-url-invalid",
		skips("not known", "Secret coder/coder-db-url", nil),
		passes("a URL", urlIs(goodURL)),
		passes("the other scheme", urlIs("postgresql://coder:x@db/coder")),
		fires("another scheme", "scheme", urlIs("mysql://coder:hunter2@db/coder")),
		fires("an at sign and a slash in the password", "password", urlIs("postgres://coder:hu@n/ter2@db.example.com/coder")),
		fires("a lone percent sign in the password", "password", urlIs("postgres://coder:hun%ter2@db.example.com/coder")),
		fires("a TLS mode that Coder's driver refuses", "sslmode=prefer", urlIs("postgres://coder:x@db.example.com/coder?sslmode=prefer")),
		warns("a password that only Coder can mend", "not percent-encoded", urlIs("postgres://coder:hun^ter2@db.example.com/coder")),
	)
	judge(t, "postgres-url-local",
		passes("a host", urlIs(goodURL)),
		fires("loopback", "the replica itself", urlIs("postgres://coder:x@127.0.0.1/coder")),
		fires("localhost", "the replica itself", urlIs("postgres://coder:x@localhost:5432/coder")),
		fires("a password that is not known", "the replica itself", composed("postgres://coder:$(DB_PASSWORD)@localhost/coder")),
		passes("a password that is not known, and a host", composed("postgres://coder:$(DB_PASSWORD)@db.example.com/coder")),
		skips("a host that is not known", "key p of Secret coder/p", composed("postgres://coder:x@$(DB_PASSWORD)/coder")),
		fires("a socket that no proxy of the pod makes", "the replica itself", func(w *world) { urlIs("postgres:///coder?host=/var/run/postgresql")(w); cloudSQL(w) }),
		passes("the socket of a proxy in the pod", func(w *world) { urlIs("postgres:///coder?host=/cloudsql/p:r:i")(w); cloudSQL(w) }),
		fires("a Unix socket", "the replica itself", urlIs("postgres:///coder?host=/var/run/postgresql")),
		passes("a proxy in the pod", func(w *world) {
			urlIs("postgres://coder:x@127.0.0.1/coder")(w)
			w.pod().Containers = append(w.pod().Containers, corev1.Container{Name: "proxy", Image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14"})
		}),
		skips("one replica", "one replica", func(w *world) { w.replicas(1); urlIs("postgres://coder:x@localhost/coder")(w) }),
	)
	judge(t, "postgres-url-multihost",
		passes("one host", urlIs(goodURL)),
		fires("a reader, with a password that is not known", "reader endpoint", composed("postgres://coder:$(DB_PASSWORD)@pg-ro.db/coder")),
		fires("two hosts", "2 hosts", urlIs("postgres://coder:x@db1:5432,db2:5432/coder")),
		fires("CloudNativePG's readers", "reader endpoint", urlIs("postgres://coder:x@coder-db-ro.coder.svc:5432/coder")),
		fires("Aurora's readers", "reader endpoint", urlIs("postgres://coder:x@mydb.cluster-ro-abc123.eu-west-1.rds.amazonaws.com/coder")),
		passes("Aurora's writer", urlIs("postgres://coder:x@mydb.cluster-abc123.eu-west-1.rds.amazonaws.com/coder")),
		passes("CloudNativePG's primary", urlIs("postgres://coder:x@coder-db-rw.coder.svc:5432/coder")),
		passes("a name that only looks so", urlIs("postgres://coder:x@db-romania.example.com/coder")),
	)
	judge(t, "postgres-url-plaintext",
		advises("in the manifest", "stands in the manifest", urlIs(goodURL)),
		passes("without a password", urlIs("postgres://coder@db.example.com/coder")),
		passes("in a Secret of the input", func(w *world) {
			with("{apiVersion: v1, kind: Secret, metadata: {name: coder-db-url, namespace: coder}, stringData: {url: '" + goodURL + "'}}")(w)
		}),
	)
	judge(t, "postgres-tls-off",
		passes("verified", urlIs(goodURL)),
		passes("not set, which is require", urlIs("postgres://coder:x@db.example.com/coder")),
		warns("off", "does not encrypt", urlIs("postgres://coder:x@db.example.com/coder?sslmode=disable")),
		warns("prefer", "does not encrypt", urlIs("postgres://coder:x@db.example.com/coder?sslmode=prefer")),
		passes("off on loopback", urlIs("postgres://coder:x@127.0.0.1/coder?sslmode=disable")),
	)
}

func TestNoCheckShowsThePassword(t *testing.T) {
	for _, url := range []string{
		goodURL,
		"postgres://coder:hunter2@a,b/coder?sslmode=disable",
		"postgres://coder:hunter2/x@db/coder",
		"postgres://coder:hunter2%zz@db/coder",
		"mysql://coder:hunter2@localhost/coder",
		"host=localhost password=hunter2 sslmode=prefer",
	} {
		w := newWorld()
		w.set("CODER_PG_CONNECTION_URL", url)
		w.set(relayVar, "http://me:hunter2@127.0.0.1:8080/path")
		w.set("CODER_ACCESS_URL", "http://me:hunter2@localhost")
		text, err := json.Marshal(w.run(t))
		require.NoError(t, err)
		assert.NotContains(t, string(text), "hunter2", url)
	}
}
