package postgres

import (
	"fmt"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// fromSecret takes the URL from a Secret, by the names of the README.
var fromSecret = coder.YAML(coder.DatabaseWiring("coder-db-url", "url"))

// urlChecks judge the connection URL as text; the server is asked by
// other checks.
func urlChecks() []check.Check {
	return []check.Check{
		{
			ID: "postgres-url-missing", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "every replica has a database URL",
			Why:     "Without CODER_PG_CONNECTION_URL, every replica starts its own embedded database and they share nothing.",
			Example: "three replicas, and CODER_PG_CONNECTION_URL is not set",
			Remedy:  "Set CODER_PG_CONNECTION_URL from a Secret:\n" + fromSecret,
			Judge: judgment.BetweenReplicas(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				value := r.Env(coder.PostgresURL)
				switch {
				// A key of a Secret that is not in the input is a URL all the same.
				case value.State == deployment.Unknown && value.Origin.Kind != "", value.Set():
					j.Good()
				case value.State == deployment.Unknown:
					j.Unknown(coder.PostgresURL, value)
				default:
					j.Find(check.Finding{
						Message: "the database URL is not set: each replica would start its own database", Subject: judgment.Of(d, r, value),
						Observed: coder.PostgresURL + " is not set", Expected: "one Postgres endpoint for all replicas", Remedy: missingRemedy(d, r),
					})
				}
			}),
		},
		{
			ID: "postgres-url-invalid", Area: area, Severity: check.Error, Needs: judgment.DatabaseURL,
			Title:   "Coder can read the database URL",
			Why:     "coderd exits if it cannot read the URL, or if the URL asks for something its driver refuses.",
			Example: "jdbc:postgresql://db.example.com:5432/coder, the form of another client, or a # in the password that is not percent-encoded",
			Remedy:  "Use the form postgres://USER:PASSWORD@HOST:5432/DATABASE, with the password percent-encoded.",
			Judge:   withGiven(databaseURLs(judgeURLText), judgeGivenText),
		},
		{
			ID: "postgres-url-local", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "the database host is not the replica itself",
			Why:     "Loopback and Unix sockets lead to the replica itself, so every replica would use its own database.",
			Example: "postgres://coder@localhost/coder with three replicas",
			Remedy:  "Use the host of the one Postgres endpoint that all replicas share.",
			Judge:   judgeLocal,
		},
		{
			ID: "postgres-url-multihost", Area: area, Severity: check.Error, Needs: judgment.DatabaseURL,
			Title:   "the database URL names one host that is not a reader endpoint",
			Why:     "Coder's driver does not fail over between hosts, and a reader endpoint refuses writes and LISTEN.",
			Example: "postgres://coder@db-1,db-2/coder",
			Remedy:  "Use the endpoint that leads to the primary: the -rw Service of CloudNativePG, the cluster endpoint of Aurora, the primary of Patroni.",
			Judge:   withGiven(addressURLs(judgeMultihost), judgeGivenHosts),
		},
		{
			ID: "postgres-url-plaintext", Area: area, Severity: check.Info, Needs: judgment.Replicas,
			Title:   "the database password is in a Secret",
			Why:     "Anyone who can read the workload or the release can read the password.",
			Example: "a password in the value of CODER_PG_CONNECTION_URL instead of a secretKeyRef",
			Remedy:  "Put the URL into a Secret and refer to it:\nkubectl create secret generic coder-db-url --from-literal=url=postgres://…\n" + fromSecret,
			Judge: readableURLs(func(j *judgment.Judgment, u databaseURL) {
				if u.d.OnHost(u.replica) {
					j.Skip("the replicas do not run on Kubernetes")
					return
				}
				if len(u.value.Unexpanded) > 0 {
					j.See("postgres-url-invalid")
					return
				}
				if u.value.FromSecret || !u.HasPassword {
					j.Good()
					return
				}
				j.Find(check.Finding{
					Message: "the database password is in the manifest", Subject: judgment.Of(u.d, u.replica, u.value),
					Observed: u.Show(u.Redacted), Expected: "a secretKeyRef",
				})
			}),
		},
		{
			ID: "postgres-tls-off", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "the database URL asks for an encrypted connection",
			Why:     "Otherwise Coder's data can cross the network unencrypted.",
			Example: "postgres://coder@db.example.com/coder?sslmode=disable",
			Remedy:  "Use sslmode=verify-full with sslrootcert, or at least sslmode=require.",
			Judge: addressURLs(func(j *judgment.Judgment, u databaseURL) {
				off := slices.Contains([]string{pgurl.SSLDisable, pgurl.SSLAllow, pgurl.SSLPrefer}, u.SSLMode)
				if !off || u.Local() {
					j.Good()
					return
				}
				j.Find(check.Finding{
					Message: fmt.Sprintf("sslmode=%s does not encrypt the connection to %s", u.SSLMode, u.Show(u.Host().String())), Subject: judgment.Of(u.d, u.replica, u.value),
					Observed: "sslmode=" + u.SSLMode, Expected: "sslmode=require, verify-ca or verify-full",
				})
			}),
		},
	}
}

// missingRemedy is how to give a replica the database URL; "" for the remedy of the
// check.
func missingRemedy(d *deployment.Deployment, r deployment.Replica) string {
	if !d.OnHost(r) {
		return ""
	}
	return "Set the same URL, byte for byte, in the environment file of every host:\n" + coder.PostgresURL + "=postgres://USER:PASSWORD@HOST:5432/DATABASE"
}

// databaseURL is the connection URL of one workload's replicas.
type databaseURL struct {
	d       *deployment.Deployment
	replica deployment.Replica
	value   deployment.Value
	deployment.DatabaseURL
}

// databaseURLs is judgment.EachWorkload, for database URLs that are known.
func databaseURLs(judge func(*judgment.Judgment, databaseURL)) func(*check.Case) check.Result {
	return judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
		value := r.Env(coder.PostgresURL)
		switch {
		case value.State == deployment.Unknown:
			if value.Key != nil {
				value.Proof += ", or use a kubeconfig that reaches the cluster"
			}
			j.Unknown(coder.PostgresURL, value)
		case value.Unset() || r.Database == nil:
			j.Skip("no database URL is set")
		default:
			judge(j, databaseURL{d: d, replica: r, value: value, DatabaseURL: *r.Database})
		}
	})
}

// readableURLs is databaseURLs, for those that Coder can read.
func readableURLs(judge func(*judgment.Judgment, databaseURL)) func(*check.Case) check.Result {
	return databaseURLs(func(j *judgment.Judgment, u databaseURL) {
		if !u.Readable() {
			j.See("postgres-url-invalid")
			return
		}
		judge(j, u)
	})
}

// addressURLs is readableURLs, for what the URL's host and settings tell: they
// are known too where only the user or the password is not.
func addressURLs(judge func(*judgment.Judgment, databaseURL)) func(*check.Case) check.Result {
	known := readableURLs(judge)
	return func(f *check.Case) check.Result {
		var j judgment.Judgment
		for _, r := range f.Deployment.Representatives() {
			if r.Database == nil || !r.Database.Partial {
				return known(f)
			}
			judge(&j, databaseURL{d: f.Deployment, replica: r, value: r.Env(coder.PostgresURL), DatabaseURL: *r.Database})
		}
		return j.Result()
	}
}

func judgeURLText(j *judgment.Judgment, u databaseURL) {
	wrong := u.Problem
	switch {
	case len(u.value.Unexpanded) > 0:
		name := u.value.Unexpanded[0].Name
		message := "$(" + name + ") in the database URL is not expanded: the container does not define " + name
		if u.value.Unexpanded[0].DefinedLater {
			message += " before it"
		}
		j.Find(check.Finding{
			Message: message, Subject: judgment.Of(u.d, u.replica, u.value),
			Observed: "$(" + name + ") as it stands", Expected: "a variable that env defines before " + coder.PostgresURL,
			Remedy: "Define " + name + " above " + coder.PostgresURL + " in the container's env.",
		})
	case u.AutoEscaped:
		j.Find(check.Finding{
			Severity: check.Warning, Message: "the password is not percent-encoded: coderd corrects that, but other clients do not", Subject: judgment.Of(u.d, u.replica, u.value),
			Observed: u.Show(u.Redacted), Expected: "a percent-encoded password",
			Remedy: "Percent-encode the password: % is %25, @ is %40, : is %3A, / is %2F, ? is %3F, # is %23.",
		})
	case wrong == nil:
		j.Good()
	default:
		j.Find(check.Finding{
			Message: "Coder cannot use the database URL: " + wrong.Error(), Subject: judgment.Of(u.d, u.replica, u.value),
			Observed: string(wrong.Part) + " is wrong (the URL is not shown)", Expected: "postgres://USER:PASSWORD@HOST:5432/DATABASE", Remedy: wrong.Remedy,
		})
	}
}

func judgeLocal(f *check.Case) check.Result {
	if !f.Deployment.Several() {
		return check.NotApplicable(judgment.OneReplica)
	}
	return addressURLs(func(j *judgment.Judgment, u databaseURL) {
		if !u.Local() {
			j.Good()
			return
		}
		switch end := u.d.Workloads[u.replica.Workload].Pod.LocalEnd(u.Host()); {
		case end.Elsewhere:
			j.Good()
			return
		case end.Why != "":
			j.Unknown(coder.PostgresURL, deployment.Value{Why: end.Why, Proof: end.Proof})
			return
		}
		j.Find(check.Finding{
			Message: "the database host is the replica itself", Subject: judgment.Of(u.d, u.replica, u.value),
			Observed: u.Show("host " + u.Host().String()), Expected: "one host for all replicas",
		})
	})(f)
}

func judgeMultihost(j *judgment.Judgment, u databaseURL) {
	observed := ""
	switch {
	case len(u.Hosts) > 1:
		observed = fmt.Sprintf("%d hosts", len(u.Hosts))
	case readerEndpoint(u.Host().Name):
		observed = "reader endpoint " + u.Host().Name
	default:
		j.Good()
		return
	}
	j.Find(check.Finding{
		Message: "the database URL has " + observed, Subject: judgment.Of(u.d, u.replica, u.value),
		Observed: observed, Expected: "one host, which leads to the primary",
	})
}
