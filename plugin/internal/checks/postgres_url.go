package checks

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// postgresURLChecks judge the connection URL as text; the server is asked by
// other checks.
func postgresURLChecks() []check.Check {
	return []check.Check{
		{
			ID: "postgres-url-missing", Area: postgresArea, Severity: check.Error, Needs: replicas,
			Title:  "all replicas are given a database",
			Why:    "Without CODER_PG_CONNECTION_URL every replica starts an embedded database of its own, and they share nothing.",
			Remedy: "Set CODER_PG_CONNECTION_URL from a Secret:\n- name: CODER_PG_CONNECTION_URL\n  valueFrom: {secretKeyRef: {name: coder-db-url, key: url}}",
			Judge: several(func(j *judgement, d *deployment.Deployment, r deployment.Replica) {
				value := r.Env(coder.PostgresURL)
				switch {
				// A key of a Secret that is not in the input is a URL all the same.
				case value.State == deployment.Unknown && value.Origin.Kind != "", value.Set():
					j.good()
				case value.State == deployment.Unknown:
					j.unknown(coder.PostgresURL, value)
				default:
					j.find(check.Finding{
						Message: "there is no database URL: each replica would start its own database", Subject: of(d, r, value),
						Observed: coder.PostgresURL + " is not set", Expected: "one Postgres endpoint for all replicas",
					})
				}
			}),
		},
		{
			ID: "postgres-url-invalid", Area: postgresArea, Severity: check.Error, Needs: urlText,
			Title:  "the database URL is one that Coder can use",
			Why:    "coderd exits with a URL that it cannot read, or that asks for what its driver refuses.",
			Remedy: "Write it as postgres://USER:PASSWORD@HOST:5432/DATABASE, with the password percent-encoded.",
			Judge:  withGiven(postgresURLs(judgeURLText), judgeGivenText),
		},
		{
			ID: "postgres-url-local", Area: postgresArea, Severity: check.Error, Needs: replicas,
			Title:  "the database is not each replica's own machine",
			Why:    "Loopback and Unix sockets lead to the replica itself, so every replica would have a database of its own.",
			Remedy: "Name the host of the one Postgres endpoint that all replicas share.",
			Judge:  judgeLocal,
		},
		{
			ID: "postgres-url-multihost", Area: postgresArea, Severity: check.Error, Needs: urlText,
			Title:  "the database URL names one writable endpoint",
			Why:    "Coder's driver does not fail over between hosts, and a reader endpoint refuses LISTEN and every write.",
			Remedy: "Use the one endpoint that leads to the primary: CloudNativePG's -rw Service, Aurora's cluster endpoint, Patroni's primary.",
			Judge:  withGiven(addressURLs(judgeMultihost), judgeGivenHosts),
		},
		{
			ID: "postgres-url-plaintext", Area: postgresArea, Severity: check.Info, Needs: replicas,
			Title:  "the database password is kept in a Secret",
			Why:    "Whoever may read the workload, or the release, reads the password too.",
			Remedy: "Put the URL into a Secret and refer to it:\nkubectl create secret generic coder-db-url --from-literal=url=postgres://…\n- name: CODER_PG_CONNECTION_URL\n  valueFrom: {secretKeyRef: {name: coder-db-url, key: url}}",
			Judge: readableURLs(func(j *judgement, u databaseURL) {
				if u.value.FromSecret || !u.url.HasPassword {
					j.good()
					return
				}
				j.find(check.Finding{
					Message: "the database password stands in the manifest", Subject: of(u.d, u.replica, u.value),
					Observed: u.show(u.url.Redacted()), Expected: "a secretKeyRef",
				})
			}),
		},
		{
			ID: "postgres-tls-off", Area: postgresArea, Severity: check.Warning, Needs: replicas,
			Title:  "the connection to the database is encrypted",
			Why:    "The password and all of Coder's data cross the network in the clear.",
			Remedy: "Use sslmode=verify-full with sslrootcert, or at least sslmode=require.",
			Judge: addressURLs(func(j *judgement, u databaseURL) {
				off := slices.Contains([]string{pgurl.SSLDisable, pgurl.SSLAllow, pgurl.SSLPrefer}, u.url.SSLMode)
				if !off || u.url.Local() {
					j.good()
					return
				}
				j.find(check.Finding{
					Message: fmt.Sprintf("sslmode=%s does not encrypt the connection to %s", u.url.SSLMode, u.show(u.url.Host().String())), Subject: of(u.d, u.replica, u.value),
					Observed: "sslmode=" + u.url.SSLMode, Expected: "sslmode=require, verify-ca or verify-full",
				})
			}),
		},
	}
}

// databaseURL is the connection URL of one workload's replicas.
type databaseURL struct {
	d       *deployment.Deployment
	replica deployment.Replica
	value   deployment.Value
	url     pgurl.URL
	err     error
}

// show shows a text of the URL for people: as it is read, names stand in it for
// what only the cluster knows.
func (u databaseURL) show(text string) string {
	_, symbols := u.value.Text.Standin()
	for name, symbol := range symbols {
		text = strings.ReplaceAll(text, name, symbol.String())
	}
	return text
}

// refusedMode says that the URL is readable but for a TLS mode that coderd's
// driver refuses.
func refusedMode(u databaseURL) bool { return u.url.SSLMode != "" }

// postgresURLs is each, for database URLs that are known.
func postgresURLs(judge func(*judgement, databaseURL)) func(*check.Case) check.Result {
	return each(func(j *judgement, d *deployment.Deployment, r deployment.Replica) {
		value := r.Env(coder.PostgresURL)
		switch {
		case value.State == deployment.Unknown:
			if value.Key != nil {
				value.Proof += ", or use a kubeconfig that reaches the cluster"
			}
			j.unknown(coder.PostgresURL, value)
		case value.Unset():
			j.skip("no database URL is set")
		default:
			u, err := pgurl.Parse(value.Text.Plain())
			judge(j, databaseURL{d: d, replica: r, value: value, url: u, err: err})
		}
	})
}

// readableURLs is postgresURLs, for those that Coder can read.
func readableURLs(judge func(*judgement, databaseURL)) func(*check.Case) check.Result {
	return postgresURLs(func(j *judgement, u databaseURL) {
		if u.err != nil && !refusedMode(u) {
			j.see("postgres-url-invalid")
			return
		}
		judge(j, u)
	})
}

// addressURLs is readableURLs, for what the URL's host and settings tell: they
// are known too where only the user or the password is not.
func addressURLs(judge func(*judgement, databaseURL)) func(*check.Case) check.Result {
	known := readableURLs(judge)
	return func(f *check.Case) check.Result {
		var j judgement
		for _, r := range f.Deployment.Representatives() {
			value := r.Env(coder.PostgresURL)
			text, symbols := value.Partial.Standin()
			u, err := pgurl.Parse(text)
			address := text[strings.LastIndex(text, "@")+1:]
			for symbol := range symbols {
				if strings.Contains(address, symbol) {
					return known(f)
				}
			}
			if value.State != deployment.Unknown || err != nil {
				return known(f)
			}
			judge(&j, databaseURL{d: f.Deployment, replica: r, value: value, url: u})
		}
		return j.result()
	}
}

func judgeURLText(j *judgement, u databaseURL) {
	var wrong *pgurl.Error
	switch {
	case u.url.AutoEscaped:
		j.find(check.Finding{
			Severity: check.Warning, Message: "the password is not percent-encoded: coderd mends that by itself, other clients do not", Subject: of(u.d, u.replica, u.value),
			Observed: u.show(u.url.Redacted()), Expected: "a percent-encoded password",
			Remedy: "Percent-encode the password: % is %25, @ is %40, : is %3A, / is %2F, ? is %3F, # is %23.",
		})
	case !errors.As(u.err, &wrong):
		j.good()
	default:
		j.find(check.Finding{
			Message: "Coder cannot use the database URL: " + wrong.Error(), Subject: of(u.d, u.replica, u.value),
			Observed: string(wrong.Part) + " is wrong (the URL is not shown)", Expected: "postgres://USER:PASSWORD@HOST:5432/DATABASE", Remedy: wrong.Remedy,
		})
	}
}

func judgeLocal(f *check.Case) check.Result {
	if !f.Deployment.Several() {
		return check.NotApplicable(oneReplica)
	}
	return addressURLs(func(j *judgement, u databaseURL) {
		if !u.url.Local() || throughProxy(u.d.Workloads[u.replica.Workload], u.url.Host()) {
			j.good()
			return
		}
		j.find(check.Finding{
			Message: "the database host is the replica itself", Subject: of(u.d, u.replica, u.value),
			Observed: u.show("host " + u.url.Host().String()), Expected: "one host for all replicas",
		})
	})(f)
}

// databaseProxies are images that lead from loopback to a shared database.
var databaseProxies = []string{"cloud-sql-proxy", "gce-proxy", "cloudsql-proxy", "alloydb-auth-proxy", "pgbouncer", "pgpool", "pgcat", "odyssey", "haproxy", "envoy", "stunnel", "teleport", "boundary"}

// throughProxy says whether a local host leads to a proxy in the pod: by loopback,
// or by a socket in a volume that the container mounts.
func throughProxy(w deployment.Workload, host pgurl.Host) bool {
	if sidecarProxy(w) == "" {
		return false
	}
	return !host.Socket() || slices.ContainsFunc(w.CoderContainer().VolumeMounts, func(m corev1.VolumeMount) bool {
		dir := strings.TrimSuffix(m.MountPath, "/")
		return host.Name == dir || strings.HasPrefix(host.Name, dir+"/")
	})
}

// sidecarProxy is the container of the pod that takes connections to a database
// elsewhere.
func sidecarProxy(w deployment.Workload) string {
	for _, c := range slices.Concat(w.Pod.Spec.Containers, w.Pod.Spec.InitContainers) {
		repo, _, _ := strings.Cut(c.Image, "@")
		if slices.ContainsFunc(databaseProxies, func(proxy string) bool { return strings.Contains(path.Base(repo), proxy) }) && c.Name != w.CoderContainer().Name {
			return c.Name
		}
	}
	return ""
}

func judgeMultihost(j *judgement, u databaseURL) {
	observed := ""
	switch {
	case len(u.url.Hosts) > 1:
		observed = fmt.Sprintf("%d hosts", len(u.url.Hosts))
	case readerEndpoint(u.url.Host().Name):
		observed = "reader endpoint " + u.url.Host().Name
	default:
		j.good()
		return
	}
	j.find(check.Finding{
		Message: "the database URL has " + observed, Subject: of(u.d, u.replica, u.value),
		Observed: observed, Expected: "one host, which leads to the primary",
	})
}

// readerEndpoint recognizes the names of endpoints that lead to standbys:
// CloudNativePG's and Zalando's Services, and Aurora's.
func readerEndpoint(host string) bool {
	label, rest, _ := strings.Cut(strings.ToLower(host), ".")
	return strings.HasSuffix(label, "-ro") || strings.HasSuffix(label, "-repl") || strings.HasPrefix(rest, "cluster-ro-")
}
