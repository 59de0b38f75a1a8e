package access

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// urlChecks judge the address that users and workspaces are told.
func urlChecks() []check.Check {
	return []check.Check{
		{
			ID: "access-url-missing", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "the access URL is set",
			Why:     "Without CODER_ACCESS_URL, each replica opens a public tunnel of its own.",
			Example: "CODER_ACCESS_URL is not set",
			Remedy:  "Set CODER_ACCESS_URL to the address of the load balancer, such as https://coder.example.com.",
			Judge: judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				value := r.Env(coder.AccessURL)
				switch {
				case value.State == deployment.Unknown:
					j.Unknown(coder.AccessURL, value)
				case value.Unset():
					j.Find(check.Finding{
						Message: "the access URL is not set: coderd would open a public tunnel", Subject: judgment.Of(d, r, value),
						Observed: coder.AccessURL + " is not set", Expected: "the address of the load balancer in front of all replicas",
					})
				default:
					j.Good()
				}
			}),
		},
		{
			ID: "access-url-invalid", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "all replicas have the same http or https access URL",
			Why:     "coderd does not start with any other scheme, and replicas that differ send users and workspaces to different places.",
			Example: "CODER_ACCESS_URL=coder.example.com, without https://",
			Remedy:  "Set the same CODER_ACCESS_URL, starting with http:// or https://, on all replicas.",
			Judge:   judgeAccessURL,
		},
		{
			ID: "access-url-loopback", Area: area, Severity: check.Error, Needs: judgment.Described(facts.Services),
			Title:   "the access URL is not loopback or the address of a single replica",
			Why:     "Workspaces dial the access URL too: loopback is their own machine, and the address of one replica goes away with it.",
			Example: "CODER_ACCESS_URL=http://localhost:8080",
			Remedy:  "Set CODER_ACCESS_URL to the address of the load balancer in front of all replicas.",
			Judge:   accessURLs(judgeAccessHost),
		},
		{
			ID: "access-url-cluster-default", Area: area, Severity: check.Warning, Needs: judgment.Described(facts.Services, facts.Routes),
			Title:   "the access URL is not an in-cluster name",
			Why:     "Users and workspaces outside the cluster cannot resolve the name of a Service.",
			Example: "CODER_ACCESS_URL=http://coder.coder.svc.cluster.local with a Service of type LoadBalancer",
			Remedy:  "Set CODER_ACCESS_URL to the address that users open (an entry of coder.env in the chart).",
			Judge:   accessURLs(judgeClusterDefault),
		},
		{
			ID: "wildcard-access-url-invalid", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "the wildcard access URL is a valid pattern, such as *.coder.example.com",
			Why:     "coderd does not start with a wildcard pattern that it cannot compile.",
			Example: "CODER_WILDCARD_ACCESS_URL=https://*.coder.example.com",
			Remedy:  "Write CODER_WILDCARD_ACCESS_URL as *.HOST or *-SUFFIX.HOST, without a scheme.",
			Judge: judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				value := r.Env(coder.WildcardAccessURL)
				switch {
				case value.State == deployment.Unknown:
					j.Unknown(coder.WildcardAccessURL, value)
				case value.Unset():
					j.Skip("%s is not set", coder.WildcardAccessURL)
				case wildcardProblem(value.Text.Plain()) == "":
					j.Good()
				default:
					j.Find(check.Finding{
						Message: "the wildcard access URL " + wildcardProblem(value.Text.Plain()), Subject: judgment.Of(d, r, value),
						Observed: value.String(), Expected: "*.coder.example.com or *-suffix.example.com",
					})
				}
			}),
		},
	}
}

// accessURLs is each, for access URLs that can be read.
func accessURLs(judge func(*judgment.Judgment, *deployment.Deployment, deployment.Replica, deployment.Value, deployment.Endpoint)) func(*check.Case) check.Result {
	return judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
		value := r.Env(coder.AccessURL)
		e, err := deployment.ParseEndpoint(value.Text)
		switch {
		case value.State == deployment.Unknown:
			j.Unknown(coder.AccessURL, value)
		case value.Unset():
			j.Skip("no access URL is set")
		case err != nil:
			j.See("access-url-invalid")
		default:
			judge(j, d, r, value, e)
		}
	})
}

func judgeClusterDefault(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, value deployment.Value, e deployment.Endpoint) {
	at := slices.IndexFunc(d.Services, func(s deployment.Service) bool { return s.InCluster(e.Host) })
	if at < 0 {
		j.Good()
		return
	}
	exposed := ""
	switch s := d.Services[at]; {
	case len(d.Frontends) > 0:
		exposed = d.Frontends[0].Origin.Kind + " " + d.Frontends[0].Origin.Name + " exposes it"
	case s.External():
		exposed = "Service " + s.Name + " is of type " + s.Type
	default:
		j.Unproven("the access URL is Service "+s.Name+", and whether users come from outside the cluster is not in the input",
			"set CODER_ACCESS_URL to the address that users open, or give what leads them to the Service, such as an Ingress")
		return
	}
	j.Find(check.Finding{
		Message: "the access URL is an in-cluster name, but " + exposed, Subject: judgment.Of(d, r, value),
		Observed: value.String(), Expected: "the address that users open",
	})
}

// judgeAccessURL looks at the URL of each workload, and compares all replicas.
func judgeAccessURL(f *check.Case) check.Result {
	var j judgment.Judgment
	d := f.Deployment
	var one *deployment.Replica
	for _, r := range d.Replicas {
		value := r.Env(coder.AccessURL)
		if value.State == deployment.Unknown {
			j.Unknown(coder.AccessURL, value)
			continue
		}
		if value.Unset() {
			j.Skip("no access URL is set")
			continue
		}
		problem := accessProblem(value.Text)
		if one != nil && problem == "" && one.Env(coder.AccessURL).Text != value.Text {
			problem = fmt.Sprintf("differs from that of replica %s, %s", one.Name, one.Env(coder.AccessURL))
		}
		if one == nil {
			one = &r
		}
		if problem == "" {
			j.Good()
			continue
		}
		j.Find(check.Finding{
			Message: "the access URL " + problem, Subject: judgment.Of(d, r, value),
			Observed: value.String(), Expected: "one URL with http:// or https:// for all replicas",
		})
		return j.Result()
	}
	return j.Result()
}

func accessProblem(text deployment.Text) string {
	if strings.Contains(string(text), "$(") {
		return "holds a variable that Kubernetes does not expand"
	}
	if _, err := deployment.ParseEndpoint(text); err != nil {
		return "cannot be used: " + err.Error()
	}
	return ""
}

// judgeAccessHost looks for hosts that lead to one replica or to none.
func judgeAccessHost(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, value deployment.Value, e deployment.Endpoint) {
	what := ""
	label, _, _ := strings.Cut(string(e.Host), ".")
	switch {
	case deployment.Loopback(e.Host):
		what = "points back to whoever opens it"
	case e.Host.IsField(deployment.FieldPodIP), e.Host.IsField(deployment.FieldHostIP), e.Host.HasField(deployment.FieldPodName):
		what = "is one replica's own address"
	case d.Several() && d.Workloads[r.Workload].Kind == "StatefulSet" && label == r.Name:
		what = "is one replica's own address"
	case d.Several() && d.OnHost(r) && hostOf(d, e.Host) != "":
		what = "is the address of host " + hostOf(d, e.Host) + " alone"
	default:
		for _, s := range d.Services {
			if d.Several() && len(s.Selects) == 1 && s.Serves(e.Host) {
				what = "leads to replica " + d.Replicas[s.Selects[0]].Name + " alone"
			}
		}
	}
	if what == "" {
		j.Good()
		return
	}
	j.Find(check.Finding{
		Message: "the access URL " + what, Subject: judgment.Of(d, r, value),
		Observed: value.String(), Expected: "the address of the load balancer in front of all replicas",
	})
}

// hostOf is the host that has a name or an address for itself; empty where none
// has.
func hostOf(d *deployment.Deployment, host deployment.Text) string {
	for _, r := range d.Replicas {
		if string(host) == strings.ToLower(r.Name) || host != "" && host == r.Env(coder.ClusterHost).Text {
			return r.Name
		}
	}
	return ""
}

// hostLabel is a label of a host name (RFC 1123).
var hostLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// wildcardProblem says what keeps coderd from compiling the pattern; it is empty
// if nothing does. The rules are those of coder/coder coderd/workspaceapps/appurl.
func wildcardProblem(text string) string {
	pattern := strings.ToLower(text)
	switch {
	case strings.Contains(pattern, "http:") || strings.Contains(pattern, "https:"):
		return "has a scheme"
	case strings.HasPrefix(pattern, ".") || strings.HasSuffix(pattern, "."):
		return "begins or ends with a period"
	case strings.Count(pattern, ".") < 1:
		return "has fewer than two labels"
	case strings.Count(pattern, "*") != 1:
		return "does not have exactly one asterisk"
	case !strings.HasPrefix(pattern, "*"):
		return "has an asterisk that is not its first character"
	}
	host, _, err := net.SplitHostPort(pattern)
	if err != nil {
		host = pattern
	}
	// The asterisk stands for at least one character of the first label.
	for label := range strings.SplitSeq("a"+strings.TrimPrefix(host, "*"), ".") {
		if !hostLabel.MatchString(label) {
			return "has a label that is not valid in a hostname"
		}
	}
	return ""
}
