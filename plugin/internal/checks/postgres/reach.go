package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func reachChecks() []check.Check {
	return []check.Check{{
		ID: "postgres-unreachable", Area: area, Severity: check.Error, Needs: judgment.Database,
		Title:   "a session to the database can be opened with this URL",
		Why:     "coderd tries to connect for 30 seconds and then exits.",
		Example: "nothing listens on the port, or the password is wrong",
		Remedy:  "Fix the step that failed, where the replicas run.",
		Judge:   fromEachPlace(probed(judgeReach)),
	}}
}

// fromEachPlace passes only what was asked from the place of each replica, where pods
// are there for that.
func fromEachPlace(judge func(*check.Case) check.Result) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		result := judge(f)
		if without := f.Trial.Without(facts.DatabaseThere); without != nil && len(result.Findings) == 0 && result.Skip == nil {
			return check.Unproven(without.Reason, without.Proof)
		}
		return result
	}
}

func judgeReach(f *check.Case, p *pgfacts.Facts) check.Result {
	switch {
	case p.Interrupted && p.Server == nil:
		return check.Unproven("the probe of the database was interrupted", "run it again")
	case p.ClusterName:
		return check.Unproven("the name "+p.Target.Host+unknownHere(f), elsewhere(f))
	case p.Target.InCluster && outOfReach(f, p):
		step := p.Steps[len(p.Steps)-1]
		return check.Unproven(fmt.Sprintf("this machine cannot reach %s: %s: %s", p.Target.Host, step.Step, step.Message), elsewhere(f))
	case (p.FailedStep == pgfacts.DNS || p.FailedStep == pgfacts.TCP) && p.Steps[len(p.Steps)-1].TimedOut && judgment.PoliciesPending(f):
		return check.Unproven(map[pgfacts.Step]string{pgfacts.DNS: "DNS did not answer for ", pgfacts.TCP: "nothing answered at "}[p.FailedStep]+p.Target.Host+", and the NetworkPolicies of the input may not be in the cluster yet", "apply them, or run it again after the install")
	case p.FailedStep != "":
		return check.Fail(unreachable(p))
	case len(p.Proxy.Refused) > 0:
		return check.Fail(refusesDriver(p))
	case p.Server == nil:
		return check.Unproven("the network and TLS are fine, but CODER_PG_AUTH=awsiamrds lets nobody in without the pod's IAM role",
			"run the plugin in a pod of Coder's service account with a token as the password")
	case p.TLS != nil && p.TLS.ForeignRoots:
		return check.Unproven("the server's certificate is not verified: "+p.TLS.Unverified, judgment.WithoutAgentImage)
	case p.TLS != nil && p.TLS.Required && p.TLS.Unverified != "":
		return check.Unproven("the server's certificate is not verified: "+p.TLS.Unverified, "run the plugin where the file is, or put a copy at the same path")
	}
	return check.PassNote(reached(p))
}

// outOfReach says of the replicas' own URL that this machine may just be in
// another network: the name is not known or nothing answers. A refusal is an
// answer, unless it is that of this machine's loopback, where the pod has a
// proxy to the database.
func outOfReach(f *check.Case, p *pgfacts.Facts) bool {
	step := p.Steps[len(p.Steps)-1]
	refused := strings.Contains(step.Message, "connection refused")
	switch p.FailedStep {
	case pgfacts.DNS:
		return true
	case pgfacts.TCP:
		return !refused || p.Target.Local && f.Deployment != nil && f.Deployment.Workloads[0].Pod.DatabaseProxy() != ""
	default:
		return false
	}
}

// onHosts says whether the replicas run on hosts without Kubernetes.
func onHosts(f *check.Case) bool {
	return f.Deployment != nil && f.Deployment.OnHosts()
}

// unknownHere says of a name that this machine cannot resolve it, and why that may
// be.
func unknownHere(f *check.Case) string {
	if onHosts(f) {
		return " is not known to this machine"
	}
	return " is known inside the cluster only"
}

// elsewhere is how to ask a database that this machine cannot reach.
func elsewhere(f *check.Case) string {
	if onHosts(f) {
		return "run the plugin on one of the hosts"
	}
	return elsewhereInCluster
}

const elsewhereInCluster = "run it with --in-cluster; or forward the port (kubectl port-forward service/NAME 5432) and give that address in CODER_PG_CONNECTION_URL"

// reached is one line on how the session was had.
func reached(p *pgfacts.Facts) string {
	parts := []string{}
	for _, s := range p.Steps {
		if s.Status == pgfacts.StepOK && s.Step != pgfacts.Permission {
			parts = append(parts, string(s.Step)+" "+human.Duration(s.Took))
		}
	}
	if p.TLS != nil {
		parts = append(parts, p.TLS.Version+", certificate until "+p.TLS.NotAfter.Format("2006-01-02"))
	}
	return strings.Join(parts, ", ")
}

// unreachable names the step, the address, the time, the server's own word and
// what to do.
func unreachable(p *pgfacts.Facts) check.Finding {
	step := p.Steps[len(p.Steps)-1]
	at := step.Address
	if at == "" {
		at = p.Target.Host
	}
	observed := []string{}
	for _, s := range p.Steps {
		if s.Status != pgfacts.StepSkipped {
			observed = append(observed, fmt.Sprintf("%s %s after %s", s.Step, s.Status, human.Duration(s.Took)))
		}
	}
	if len(p.Addresses) > 1 {
		for _, a := range p.Addresses {
			state := "accepts connections"
			if a.Error != "" {
				state = a.Error
			}
			observed = append(observed, a.Address+": "+state)
		}
	}
	return check.Finding{
		Message:  fmt.Sprintf("%s failed after %s: %s", attempt(step.Step, at), human.Duration(step.Took), said(step.Message, step.SQLState)),
		Subject:  server(p),
		Observed: strings.Join(observed, "; "),
		Expected: "an open session",
		Remedy:   reachRemedy(p, step),
	}
}

// attempt is what a step tries to do at an address.
func attempt(step pgfacts.Step, at string) string {
	switch step {
	case pgfacts.DNS:
		return "DNS lookup of " + at
	case pgfacts.TCP:
		return "TCP connection to " + at
	case pgfacts.TLSStep:
		return "TLS handshake with " + at
	case pgfacts.Authentication:
		return "authentication at " + at
	case pgfacts.Database:
		return "opening the database at " + at
	case pgfacts.Permission:
		return "starting a session at " + at
	default:
		return "a query at " + at
	}
}

// refusesDriver is a pooler that lets the probe in, but not coderd's driver.
func refusesDriver(p *pgfacts.Facts) check.Finding {
	names := strings.Join(p.Proxy.Refused, ", ")
	return check.Finding{
		Message:  fmt.Sprintf("no connection for coderd: %s refuses the start-up parameter %s, which Coder's driver sends", p.Proxy.Name, names),
		Subject:  server(p),
		Observed: "unsupported startup parameter: " + names,
		Expected: "a session as Coder's driver starts it",
		Remedy:   "Connect Coder directly to Postgres. Or, with PgBouncer in session mode, set in pgbouncer.ini: ignore_startup_parameters = " + names,
	}
}

// reachRemedies are what to do by SQLSTATE, where the code alone tells it.
var reachRemedies = map[string]string{
	"28P01": "Check the role and the password in the Secret. In a URL the password is percent-encoded.",
	"28000": "Let the role in: allow its address, database and TLS in pg_hba.conf, and give it LOGIN.",
	"3D000": "Create the database: CREATE DATABASE coder OWNER coder;",
	"53300": "All connections are taken. Raise max_connections or the limit of the role or database, or end what holds them: SELECT usename, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC;",
	"55000": "Let the database take connections: ALTER DATABASE coder ALLOW_CONNECTIONS true;",
	"57P03": "The server is starting or stopping, or is a standby that takes no sessions: wait, or use the primary's endpoint.",
	"42501": "Let the role connect: GRANT CONNECT ON DATABASE coder TO coder;",
}

func reachRemedy(p *pgfacts.Facts, step pgfacts.StepResult) string {
	if remedy, ok := reachRemedies[step.SQLState]; ok {
		return remedy
	}
	switch step.Step {
	case pgfacts.DNS:
		return "Check the host name in the URL, and that this machine and the replicas can resolve it."
	case pgfacts.TCP:
		if step.TimedOut {
			return "Packets are dropped: check the address, and open the port of the database to the replicas in the firewall, security group or NetworkPolicy."
		}
		return "Check that Postgres runs, listens on this address and port (listen_addresses), and that nothing in between refuses it."
	case pgfacts.TLSStep:
		return tlsRemedy(p, step)
	case pgfacts.Authentication:
		if step.TimedOut {
			return "Something listens on the port, but does not answer as Postgres: check the port, and any proxy or load balancer in between."
		}
		return "Check the role, the password and pg_hba.conf."
	case pgfacts.Query, pgfacts.Permission:
		return "The session was lost or stopped answering: check any pooler, proxy or firewall in between, and the log of the server."
	default:
		return "See the server's log for this moment."
	}
}

func tlsRemedy(p *pgfacts.Facts, step pgfacts.StepResult) string {
	switch {
	case strings.Contains(step.Message, "does not offer TLS"):
		return "Turn TLS on at the server, or for a database in the same trusted network ask for none: sslmode=disable."
	case strings.Contains(step.Message, "unknown authority"):
		return "Give coderd the server's authority: mount its certificate and add sslrootcert=/path/ca.crt to the URL."
	case strings.Contains(step.Message, "certificate is valid for"), strings.Contains(step.Message, "doesn't contain any IP SANs"), strings.Contains(step.Message, "not valid for any names"):
		return "Use a host name that the certificate covers (" + strings.Join(certificateNames(p), ", ") + "), or renew the certificate with this one."
	case strings.Contains(step.Message, "expired"):
		return "Renew the server's certificate."
	case step.TimedOut:
		return "Something listens on the port, but does not answer as Postgres: check the port, and any proxy or load balancer in between."
	default:
		return "Check sslmode, sslrootcert, sslcert and sslkey in the URL against the server's certificate."
	}
}

func certificateNames(p *pgfacts.Facts) []string {
	if p.TLS == nil || len(p.TLS.Names) == 0 {
		return []string{"it names none"}
	}
	names := slices.Clone(p.TLS.Names)
	return names[:min(len(names), 5)]
}
