package postgres

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

const goodURL = "postgres://coder:hunter2@db.example.com:5432/coder?sslmode=verify-full"

func urlIs(url string) func(*checktest.World) {
	return func(w *checktest.World) { w.Set("CODER_PG_CONNECTION_URL", url) }
}

// composed is a URL with a part from a Secret that is not in the input.
func composed(url string) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Unset("CODER_PG_CONNECTION_URL")
		w.Put(corev1.EnvVar{Name: "DB_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "p"}, Key: "p",
		}}})
		urlIs(url)(w)
	}
}

// cloudSQL adds a proxy that makes sockets in a volume of the pod.
func cloudSQL(w *checktest.World) {
	w.Container().VolumeMounts = []corev1.VolumeMount{{Name: "sockets", MountPath: "/cloudsql/"}}
	w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "proxy", Image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14"})
}

func urlCases(_ *testing.T, c *checktest.Cases) {
	c.About("postgres-url-missing",
		checktest.Passes("from a Secret that is not in the input", nil),
		checktest.Passes("written down", urlIs(goodURL)),
		checktest.Fires("not set", "the database URL is not set: each replica would start its own database", func(w *checktest.World) { w.Unset("CODER_PG_CONNECTION_URL") }),
		checktest.Skips("not set, one replica", "one replica", func(w *checktest.World) { w.Unset("CODER_PG_CONNECTION_URL"); w.Replicas(1) }),
		checktest.Skips("a Secret that is not there may set it", "Secret coder/more", func(w *checktest.World) {
			w.Unset("CODER_PG_CONNECTION_URL")
			w.EnvFromSecret("more")
		}),
		checktest.Passes("by envFrom of a Secret in the input", func(w *checktest.World) {
			w.Unset("CODER_PG_CONNECTION_URL")
			w.EnvFromSecret("more")
			checktest.With("{apiVersion: v1, kind: Secret, metadata: {name: more, namespace: coder}, stringData: {CODER_PG_CONNECTION_URL: '" + goodURL + "'}}")(w)
		}),
		checktest.Fires("by envFrom with a prefix that spoils the name", "the database URL is not set: each replica would start its own database", func(w *checktest.World) {
			w.Unset("CODER_PG_CONNECTION_URL")
			w.Container().EnvFrom = []corev1.EnvFromSource{{Prefix: "X_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "more"}}}}
		}),
	)
	c.About("postgres-url-invalid",
		checktest.Skips("not known", "Secret coder/coder-db-url", nil),
		checktest.Passes("a URL", urlIs(goodURL)),
		checktest.Passes("the other scheme", urlIs("postgresql://coder:x@db/coder")),
		checktest.Fires("another scheme", "scheme", urlIs("mysql://coder:hunter2@db/coder")),
		checktest.Fires("an at sign and a slash in the password", "password", urlIs("postgres://coder:hu@n/ter2@db.example.com/coder")),
		checktest.Fires("a lone percent sign in the password", "password", urlIs("postgres://coder:hun%ter2@db.example.com/coder")),
		checktest.Fires("a TLS mode that Coder's driver refuses", "sslmode=prefer", urlIs("postgres://coder:x@db.example.com/coder?sslmode=prefer")),
		checktest.Warns("a password that only Coder can mend", "not percent-encoded", urlIs("postgres://coder:hun^ter2@db.example.com/coder")),
	)
	c.About("postgres-url-local",
		checktest.Passes("a host", urlIs(goodURL)),
		checktest.Fires("loopback", "the replica itself", urlIs("postgres://coder:x@127.0.0.1/coder")),
		checktest.Fires("localhost", "the replica itself", urlIs("postgres://coder:x@localhost:5432/coder")),
		checktest.Fires("a password that is not known", "the replica itself", composed("postgres://coder:$(DB_PASSWORD)@localhost/coder")),
		checktest.Passes("a password that is not known, and a host", composed("postgres://coder:$(DB_PASSWORD)@db.example.com/coder")),
		checktest.Skips("a host that is not known", "key p of Secret coder/p", composed("postgres://coder:x@$(DB_PASSWORD)/coder")),
		checktest.Fires("a socket that no proxy of the pod makes", "the replica itself", func(w *checktest.World) { urlIs("postgres:///coder?host=/var/run/postgresql")(w); cloudSQL(w) }),
		checktest.Passes("the socket of a proxy in the pod", func(w *checktest.World) { urlIs("postgres:///coder?host=/cloudsql/p:r:i")(w); cloudSQL(w) }),
		checktest.Fires("a Unix socket", "the replica itself", urlIs("postgres:///coder?host=/var/run/postgresql")),
		checktest.Passes("a proxy in the pod", func(w *checktest.World) {
			urlIs("postgres://coder:x@127.0.0.1/coder")(w)
			w.Pod().Containers = append(w.Pod().Containers, corev1.Container{Name: "proxy", Image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14"})
		}),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { w.Replicas(1); urlIs("postgres://coder:x@localhost/coder")(w) }),
	)
	c.About("postgres-url-multihost",
		checktest.Passes("one host", urlIs(goodURL)),
		checktest.Fires("a reader, with a password that is not known", "reader endpoint", composed("postgres://coder:$(DB_PASSWORD)@pg-ro.db/coder")),
		checktest.Fires("two hosts", "2 hosts", urlIs("postgres://coder:x@db1:5432,db2:5432/coder")),
		checktest.Fires("CloudNativePG's readers", "reader endpoint", urlIs("postgres://coder:x@coder-db-ro.coder.svc:5432/coder")),
		checktest.Fires("Aurora's readers", "reader endpoint", urlIs("postgres://coder:x@mydb.cluster-ro-abc123.eu-west-1.rds.amazonaws.com/coder")),
		checktest.Passes("Aurora's writer", urlIs("postgres://coder:x@mydb.cluster-abc123.eu-west-1.rds.amazonaws.com/coder")),
		checktest.Passes("CloudNativePG's primary", urlIs("postgres://coder:x@coder-db-rw.coder.svc:5432/coder")),
		checktest.Passes("a name that only looks so", urlIs("postgres://coder:x@db-romania.example.com/coder")),
	)
	c.About("postgres-url-plaintext",
		checktest.Advises("in the manifest", "the database password is in the manifest", urlIs(goodURL)),
		checktest.Passes("without a password", urlIs("postgres://coder@db.example.com/coder")),
		checktest.Passes("in a Secret of the input", func(w *checktest.World) {
			checktest.With("{apiVersion: v1, kind: Secret, metadata: {name: coder-db-url, namespace: coder}, stringData: {url: '" + goodURL + "'}}")(w)
		}),
	)
	c.About("postgres-tls-off",
		checktest.Passes("verified", urlIs(goodURL)),
		checktest.Passes("not set, which is require", urlIs("postgres://coder:x@db.example.com/coder")),
		checktest.Warns("off", "does not encrypt", urlIs("postgres://coder:x@db.example.com/coder?sslmode=disable")),
		checktest.Warns("prefer", "does not encrypt", urlIs("postgres://coder:x@db.example.com/coder?sslmode=prefer")),
		checktest.Passes("off on loopback", urlIs("postgres://coder:x@127.0.0.1/coder?sslmode=disable")),
	)
}
