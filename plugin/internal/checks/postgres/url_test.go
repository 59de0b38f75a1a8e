package postgres

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

const goodURL = "postgres://coder:hunter2@db.example.com:5432/coder?sslmode=verify-full"

// beside puts another container into the pod, whose database is on localhost.
func beside(name, image string, port int32) func(*checktest.World) {
	return func(w *checktest.World) {
		urlIs("postgres://coder:x@127.0.0.1/coder")(w)
		c := corev1.Container{Name: name, Image: image}
		if port != 0 {
			c.Ports = []corev1.ContainerPort{{ContainerPort: port}}
		}
		w.Pod().Containers = append(w.Pod().Containers, c)
	}
}

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
		checktest.Fires("a variable that comes later", "$(DB_PASSWORD) in the database URL is not expanded: the container does not define DB_PASSWORD before it", func(w *checktest.World) {
			urlIs("postgres://coder:$(DB_PASSWORD)@db.example.com/coder")(w)
			w.Put(corev1.EnvVar{Name: "DB_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "p"}, Key: "p"}}})
		}),
		checktest.Fires("a variable that is not there", "the container does not define DB_PASWORD", composed("postgres://coder:$(DB_PASWORD)@db.example.com/coder")),
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
		checktest.Fires("a database in the pod", "the replica itself", beside("db", "docker.io/library/postgres:17", 5432)),
		checktest.Fires("a proxy of users in the pod", "the replica itself", beside("oauth2-proxy", "quay.io/oauth2-proxy/oauth2-proxy:v7", 4180)),
		checktest.Fires("a sidecar of a mesh", "the replica itself", beside("linkerd-proxy", "cr.l5d.io/linkerd/proxy:edge", 4143)),
		checktest.Skips("a container that listens on the port", "container sidecar may take the connection", beside("sidecar", "example.com/ours:1", 5432)),
		checktest.Skips("a tunnel in the pod", "container ssh-tunnel may take the connection", beside("ssh-tunnel", "example.com/ours:1", 0)),
		checktest.Fires("a container that listens elsewhere", "the replica itself", beside("sidecar", "example.com/ours:1", 9000)),
		checktest.Passes("a proxy that is an init container and keeps running", func(w *checktest.World) {
			urlIs("postgres://coder:x@127.0.0.1/coder")(w)
			w.Pod().InitContainers = []corev1.Container{{Name: "proxy", Image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
		}),
		checktest.Fires("a proxy that is an init container and ends", "the replica itself", func(w *checktest.World) {
			urlIs("postgres://coder:x@127.0.0.1/coder")(w)
			w.Pod().InitContainers = []corev1.Container{{Name: "proxy", Image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14"}}
		}),
		checktest.Skips("an AuthProxyWorkload for the StatefulSet", "AuthProxyWorkload coder/sql puts a proxy into the pods", func(w *checktest.World) {
			urlIs("postgres://coder:x@127.0.0.1/coder")(w)
			checktest.With("{apiVersion: cloudsql.cloud.google.com/v1, kind: AuthProxyWorkload, metadata: {name: sql, namespace: coder}, spec: {workloadSelector: {kind: StatefulSet, name: coder}}}")(w)
		}),
		checktest.Fires("an AuthProxyWorkload for another one", "the replica itself", func(w *checktest.World) {
			urlIs("postgres://coder:x@127.0.0.1/coder")(w)
			checktest.With("{apiVersion: cloudsql.cloud.google.com/v1, kind: AuthProxyWorkload, metadata: {name: sql, namespace: coder}, spec: {workloadSelector: {kind: StatefulSet, name: web}}}")(w)
		}),
		checktest.Skips("an upstream of Consul", "Consul, by annotation", func(w *checktest.World) {
			urlIs("postgres://coder:x@127.0.0.1/coder")(w)
			w.Workload.Spec.Template.Annotations = map[string]string{"consul.hashicorp.com/connect-service-upstreams": "postgres:5432"}
		}),
		checktest.Fires("Consul that is switched off", "the replica itself", func(w *checktest.World) {
			urlIs("postgres://coder:x@127.0.0.1/coder")(w)
			w.Workload.Spec.Template.Annotations = map[string]string{"consul.hashicorp.com/connect-inject": "false"}
		}),
		checktest.Skips("a reference to Vault", "it refers to a secret", urlIs("vault:secret/data/coder#url")),
		checktest.Skips("a reference to Vault in the Secret of the input", "it refers to a secret", checktest.With("{apiVersion: v1, kind: Secret, metadata: {name: coder-db-url, namespace: coder}, stringData: {url: '<path:kv/data/coder#url>'}}")),
		checktest.Passes("a reference to Vault in the password", urlIs("postgres://coder:${vault:secret/data/coder#pw}@db.example.com/coder")),
		checktest.Fires("a reference to Vault in the password, and localhost", "the replica itself", urlIs("postgres://coder:${vault:secret/data/coder#pw}@localhost/coder")),
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
		checktest.Fires("any instance of CloudNativePG", "reader endpoint", urlIs("postgres://coder:x@coder-db-r:5432/coder")),
		checktest.Fires("Bitnami's readers", "reader endpoint", urlIs("postgres://coder:x@pg-postgresql-read.data/coder")),
		checktest.Fires("Zalando's readers", "reader endpoint", urlIs("postgres://coder:x@acid-coder-repl.data.svc.cluster.local/coder")),
		checktest.Fires("Crunchy's readers", "reader endpoint", urlIs("postgres://coder:x@hippo-replicas.data.svc/coder")),
		checktest.Fires("a virtual endpoint of Azure", "reader endpoint", urlIs("postgres://coder:x@coder.reader.postgres.database.azure.com/coder")),
		checktest.Passes("a host of a company in Romania", urlIs("postgres://coder:x@pg-ro.example.com/coder")),
		checktest.Passes("a domain that ends so", urlIs("postgres://coder:x@pg-ro.com/coder")),
		checktest.Passes("a host of an own network", urlIs("postgres://coder:x@db-r.internal/coder")),
		checktest.Passes("a Service that only ends alike", urlIs("postgres://coder:x@pg-metro.data.svc/coder")),
		checktest.Passes("a namespace that ends so", urlIs("postgres://coder:x@pg.data-ro.svc/coder")),
		checktest.Passes("a cluster of Aurora that is called so", urlIs("postgres://coder:x@cluster-ro-app.cluster-abc123.eu-west-1.rds.amazonaws.com/coder")),
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
