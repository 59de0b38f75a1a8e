package coderapi

import (
	"context"
	"errors"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// answers asks for what coderd knows. The shapes are those of codersdk and
// codersdk/healthsdk, and no more of them than is used.
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
