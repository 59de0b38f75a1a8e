package run

import (
	"slices"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/inject"
)

// valueChecks are the checks of the values that inject writes, with the value that
// is wrong where one fails.
var valueChecks = map[string]inject.Wrong{
	"relay-url-missing":           {RelayURL: true},
	"relay-url-equals-access-url": {RelayURL: true},
	"relay-url-shared":            {RelayURL: true},
	"relay-url-loopback":          {RelayURL: true},
	"relay-url-invalid":           {RelayURL: true},
	"relay-url-ipv6-brackets":     {RelayURL: true},
	"relay-url-port-mismatch":     {RelayURL: true},
	"relay-url-path-ignored":      {RelayURL: true},
	"relay-url-unexpanded":        {RelayURL: true},
	"relay-url-unresolvable":      {RelayURL: true},
	// A relay URL that is made of another variable than a pod's address is replaced.
	"relay-pod-ip-source":   {PodIP: true, RelayURL: true},
	"relay-env-overridden":  {},
	"relay-tls-disabled":    {RelayURL: true},
	"relay-tls-self-signed": {RelayURL: true},
	"relay-tls-san":         {RelayURL: true},
	"relay-tls-client-auth": {RelayURL: true},

	"cluster-host-missing":       {ClusterHost: true},
	"cluster-host-custom-relays": {ClusterHost: true},
	"cluster-host-malformed":     {ClusterHost: true},
	"cluster-host-shared":        {ClusterHost: true},
	"cluster-host-not-ip":        {ClusterHost: true},

	// No relay URL leads to a listener that only its own pod reaches.
	"http-address-loopback": {},
	"http-address-invalid":  {},
}

// judgeInjected judges the values that inject writes.
func judgeInjected(in *inject.Input) ([]check.Outcome, error) {
	d, err := in.Describe()
	if err != nil {
		return nil, err
	}
	d.Seal(digest.NewKey())
	all := slices.DeleteFunc(slices.Clone(checks.All()), func(c check.Check) bool {
		_, ours := valueChecks[c.ID]
		return !ours
	})
	return check.Judge(all, &check.Case{Facts: &facts.Facts{Now: time.Now(), Deployment: d}, Settings: check.DefaultSettings()}, d.Ignored), nil
}

// stillWrong judges an input, and keeps what is wrong with the result too.
func stillWrong(in *inject.Input, result []check.Outcome) ([]check.Outcome, error) {
	outcomes, err := judgeInjected(in)
	if err != nil {
		return nil, err
	}
	for i, o := range result {
		if o.Status != check.Failed || outcomes[i].Status != check.Failed {
			outcomes[i] = o
		}
	}
	return outcomes, nil
}

// wrongValues are the values of each workload that are wrong.
func wrongValues(d *deployment.Deployment, outcomes []check.Outcome) []inject.Wrong {
	wrong := make([]inject.Wrong, len(d.Workloads))
	for _, o := range outcomes {
		values := valueChecks[o.ID]
		for _, f := range o.Findings {
			if f.Severity < check.Warning {
				continue
			}
			for i, w := range d.Workloads {
				if w.Kind != f.Subject.Kind || w.Namespace != f.Subject.Namespace || w.Name != f.Subject.Name {
					continue
				}
				wrong[i].RelayURL = wrong[i].RelayURL || values.RelayURL
				wrong[i].ClusterHost = wrong[i].ClusterHost || values.ClusterHost
				wrong[i].PodIP = wrong[i].PodIP || values.PodIP
			}
		}
	}
	return wrong
}

// isWrong says whether any value is wrong.
func isWrong(w inject.Wrong) bool { return w != inject.Wrong{} }
