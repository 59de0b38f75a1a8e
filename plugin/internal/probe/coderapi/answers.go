package coderapi

import (
	"context"
	"errors"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// answers asks for what coderd knows. The shapes are those of codersdk and
// codersdk/healthsdk at v2.36.1, and no more of them than is used.
func (c *client) answers(ctx context.Context, out *facts.CoderAPI) {
	c.buildInfo(ctx, out)
	c.entitlements(ctx, out)
	if c.token == "" {
		return
	}
	c.replicas(ctx, out)
	c.licenses(ctx, out)
	c.health(ctx, out)
}

// ask asks for a path, and records what came instead.
func (c *client) ask(ctx context.Context, out *facts.CoderAPI, path string, timeout time.Duration, into any) bool {
	err := c.get(ctx, path, timeout, into)
	if err == nil {
		return true
	}
	f := failure(err)
	status := 0
	if other, ok := errors.AsType[*statusError](err); ok {
		status = other.code
	}
	out.Unanswered = append(out.Unanswered, facts.Unanswered{Path: path, Status: status, Message: f.Message})
	return false
}

func (c *client) buildInfo(ctx context.Context, out *facts.CoderAPI) {
	var info struct {
		Version      string `json:"version"`
		DeploymentID string `json:"deployment_id"`
	}
	if c.ask(ctx, out, facts.PathBuildInfo, answerTimeout, &info) {
		out.Version, out.DeploymentID = info.Version, info.DeploymentID
	}
}

func (c *client) entitlements(ctx context.Context, out *facts.CoderAPI) {
	var e struct {
		Features map[string]struct {
			Entitlement string `json:"entitlement"`
			Enabled     bool   `json:"enabled"`
		} `json:"features"`
		Warnings   []string `json:"warnings"`
		Errors     []string `json:"errors"`
		HasLicense bool     `json:"has_license"`
		Trial      bool     `json:"trial"`
	}
	if c.ask(ctx, out, facts.PathEntitlements, answerTimeout, &e) {
		ha := e.Features["high_availability"]
		out.Entitlements = &facts.Entitlements{
			HasLicense: e.HasLicense, Trial: e.Trial, HighAvailability: ha.Entitlement, Enabled: ha.Enabled, Warnings: e.Warnings, Errors: e.Errors,
		}
	}
}

func (c *client) licenses(ctx context.Context, out *facts.CoderAPI) {
	var all []struct {
		ID     int `json:"id"`
		Claims struct {
			Expires int64 `json:"license_expires"`
		} `json:"claims"`
	}
	if !c.ask(ctx, out, facts.PathLicenses, answerTimeout, &all) {
		return
	}
	out.LicensesRead = true
	for _, l := range all {
		out.Licenses = append(out.Licenses, facts.License{ID: l.ID, Expires: time.Unix(l.Claims.Expires, 0).UTC()})
	}
}

func (c *client) replicas(ctx context.Context, out *facts.CoderAPI) {
	var all []struct {
		Hostname        string    `json:"hostname"`
		CreatedAt       time.Time `json:"created_at"`
		RelayAddress    string    `json:"relay_address"`
		RegionID        int       `json:"region_id"`
		Error           string    `json:"error"`
		DatabaseLatency int64     `json:"database_latency"`
	}
	if !c.ask(ctx, out, facts.PathReplicas, answerTimeout, &all) {
		return
	}
	for _, r := range all {
		out.Replicas = append(out.Replicas, facts.APIReplica{
			Hostname: r.Hostname, Created: r.CreatedAt.UTC(), RelayAddress: r.RelayAddress, RegionID: r.RegionID, Error: r.Error,
			DatabaseLatency: time.Duration(r.DatabaseLatency) * time.Microsecond,
		})
	}
}

// section is what the sections of the health report have in common.
type section struct {
	Error     *string `json:"error"`
	Severity  string  `json:"severity"`
	Dismissed bool    `json:"dismissed"`
	Warnings  []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"warnings"`
}

func (c *client) health(ctx context.Context, out *facts.CoderAPI) {
	var report struct {
		Severity           string  `json:"severity"`
		DERP               section `json:"derp"`
		AccessURL          section `json:"access_url"`
		Websocket          section `json:"websocket"`
		Database           section `json:"database"`
		WorkspaceProxy     section `json:"workspace_proxy"`
		ProvisionerDaemons section `json:"provisioner_daemons"`
	}
	if !c.ask(ctx, out, facts.PathHealth, healthTimeout, &report) {
		return
	}
	out.Health = &facts.Health{Severity: report.Severity}
	for _, named := range []struct {
		name string
		section
	}{
		{"access_url", report.AccessURL},
		{"database", report.Database},
		{"derp", report.DERP},
		{"websocket", report.Websocket},
		{"workspace_proxy", report.WorkspaceProxy},
		{"provisioner_daemons", report.ProvisionerDaemons},
	} {
		s := facts.HealthSection{Name: named.name, Severity: named.Severity, Dismissed: named.Dismissed}
		if named.Error != nil {
			s.Error = *named.Error
		}
		for _, w := range named.Warnings {
			s.Messages = append(s.Messages, facts.HealthMessage{Code: w.Code, Message: w.Message})
		}
		out.Health.Sections = append(out.Health.Sections, s)
	}
}
