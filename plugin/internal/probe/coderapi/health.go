package coderapi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// healthReport is what coderd says of its health (healthsdk.HealthcheckReport).
type healthReport struct {
	Time               time.Time   `json:"time"`
	Severity           string      `json:"severity"`
	DERP               derpSection `json:"derp"`
	AccessURL          section     `json:"access_url"`
	Websocket          section     `json:"websocket"`
	Database           section     `json:"database"`
	WorkspaceProxy     section     `json:"workspace_proxy"`
	ProvisionerDaemons section     `json:"provisioner_daemons"`
}

// section is what the sections of the report have in common.
type section struct {
	Error     *string `json:"error"`
	Severity  string  `json:"severity"`
	Dismissed bool    `json:"dismissed"`
	Warnings  []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"warnings"`
}

// derpSection is that of the relays, where each relay has words of its own.
type derpSection struct {
	section
	Regions map[int]struct {
		section
		Nodes []derpNode `json:"node_reports"`
	} `json:"regions"`
}

type derpNode struct {
	section
	Exchanges  bool       `json:"can_exchange_messages"`
	ClientErrs [][]string `json:"client_errs"`
}

// fresh is how old a report may be: coderd keeps one for ten minutes
// (CODER_HEALTH_CHECK_REFRESH), and makes a new one for who asks for it.
const fresh = 30 * time.Second

const forced = facts.PathHealth + "?force=true"

func (c *client) health(ctx context.Context, out *facts.CoderAPI) {
	var report healthReport
	if !c.ask(ctx, out, facts.PathHealth, healthTimeout, &report) {
		return
	}
	if c.date.Sub(report.Time) > fresh {
		var now healthReport
		if c.get(ctx, forced, healthTimeout, &now) == nil {
			report = now
		}
	}
	out.Health = &facts.Health{Severity: report.Severity}
	for _, named := range []struct {
		name string
		section
		further []facts.HealthMessage
	}{
		{"access_url", report.AccessURL, nil},
		{"database", report.Database, nil},
		{"derp", report.DERP.section, report.DERP.relays()},
		{"websocket", report.Websocket, nil},
		{"workspace_proxy", report.WorkspaceProxy, nil},
		{"provisioner_daemons", report.ProvisionerDaemons, nil},
	} {
		s := facts.HealthSection{Name: named.name, Severity: named.Severity, Dismissed: named.Dismissed}
		if named.Error != nil {
			s.Error = *named.Error
		}
		for _, w := range named.Warnings {
			s.Messages = append(s.Messages, facts.HealthMessage{Code: w.Code, Message: w.Message})
		}
		if s.Error == "" && len(s.Messages) == 0 {
			s.Messages = named.further
		}
		out.Health.Sections = append(out.Health.Sections, s)
	}
}

// severityOK is coderd's word for a part that is well.
const severityOK = "ok"

// relays are the words at each relay that is not well. The section itself may have
// none.
func (s derpSection) relays() []facts.HealthMessage {
	var all []facts.HealthMessage
	for _, id := range slices.Sorted(maps.Keys(s.Regions)) {
		region := s.Regions[id]
		prefix := fmt.Sprintf("region %d: ", id)
		all = append(all, region.words(prefix)...)
		for _, node := range region.Nodes {
			if node.Severity == severityOK {
				continue
			}
			said := node.words(prefix)
			if len(said) == 0 {
				said = append(said, facts.HealthMessage{Message: prefix + node.clients()})
			}
			all = append(all, said...)
		}
	}
	return all
}

// words are those of a part, behind its name.
func (s section) words(prefix string) []facts.HealthMessage {
	var all []facts.HealthMessage
	if s.Error != nil && *s.Error != "" {
		all = append(all, facts.HealthMessage{Message: prefix + *s.Error})
	}
	for _, w := range s.Warnings {
		all = append(all, facts.HealthMessage{Code: w.Code, Message: prefix + w.Message})
	}
	return all
}

// clientsEnd is what a client says when coderd closes it after the trial.
const clientsEnd = "derphttp.Client closed"

// clients is what became of the two clients with which coderd tries a relay.
func (n derpNode) clients() string {
	text := "severity " + n.Severity
	if !n.Exchanges {
		text = "two clients of the relay did not get each other's messages"
	}
	for _, errs := range n.ClientErrs {
		for _, err := range errs {
			if !strings.Contains(err, clientsEnd) {
				return text + ": " + err
			}
		}
	}
	return text
}
