package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// postgresPage writes everything that one probe found out, for people.
func postgresPage(w io.Writer, page facts.Postgres) {
	f := page.Facts
	fmt.Fprintf(w, "%s\n  from %s\n", f.Target.URL, f.Target.Origin)
	if page.Position != facts.ThisMachine {
		fmt.Fprintf(w, "  as %s sees it\n", page.Position)
	}
	fmt.Fprintln(w)
	pageLines(f, page.Position, func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-14s %s\n", name, fmt.Sprintf(format, args...))
	})
	fmt.Fprintln(w)
	if f.Latency != nil {
		writeHistogram(w, f.Latency)
	}
}

// pageLines are the lines of a page but for the latency, each with its name.
func pageLines(f *pgfacts.Facts, from facts.Position, line func(name, format string, args ...any)) {
	pageConnection(f, line)
	if f.Server != nil && f.Server.VersionNum > 0 {
		pageServer(f, line)
		pageBehavior(f, from, line)
	}
	if f.Coder != nil {
		pageCoder(f, line)
	}
	for _, g := range f.Gaps {
		line("no answer", "%s: %s %s", g.Question, g.Message, g.SQLState)
	}
	line("probe", "%s, %d round trips on one connection, %d on another", human.Duration(f.Elapsed), f.RoundTrips[0], f.RoundTrips[1])
}

func pageConnection(f *pgfacts.Facts, line func(name, format string, args ...any)) {
	for _, s := range f.Steps {
		text := s.Status
		switch s.Status {
		case pgfacts.StepOK:
			text = human.Duration(s.Took)
		case pgfacts.StepFailed:
			text = fmt.Sprintf("failed after %s: %s %s", human.Duration(s.Took), s.Message, s.SQLState)
		case pgfacts.StepSkipped:
			text = "not needed: " + s.Message
		}
		if s.Address != "" {
			text += " at " + s.Address
		}
		line(string(s.Step), "%s", strings.TrimSpace(text))
	}
	if len(f.Addresses) > 1 {
		for _, a := range f.Addresses {
			state := "accepts connections, " + human.Duration(a.Took)
			if a.Error != "" {
				state = a.Error
			}
			line("address", "%s: %s", a.Address, state)
		}
	}
	if t := f.TLS; t != nil {
		verdict := "not verified, as the sslmode asks"
		switch {
		case t.Verified:
			verdict = "verified"
		case t.Unverified != "":
			verdict = "not verified: " + t.Unverified
		}
		line("encryption", "%s, %s", t.Version, t.Cipher)
		line("certificate", "%s for %s, until %s, %s", t.Subject, strings.Join(t.Names, ", "), t.NotAfter.Format(time.DateOnly), verdict)
	}
}

func pageServer(f *pgfacts.Facts, line func(name, format string, args ...any)) {
	state := "primary"
	switch {
	case f.Server.InRecovery:
		state = "standby"
	case f.Server.DefaultReadOnly:
		state = "primary, read-only for this role"
	}
	line("server", "%s %s, %s", f.Server.Flavor, f.Server.Version, state)
	if f.Server.SystemIdentifier != "" {
		line("identity", "system %s, database %s", f.Server.SystemIdentifier, f.Server.DatabaseOID)
	}
	if f.Proxy.Present || f.Proxy.Name != "" {
		name := f.Proxy.Name
		if name == "" {
			name = "a pooler or proxy that does not show its name"
		}
		line("in between", "%s", name)
	}
	if r := f.Role; r != nil {
		schema := "no schema"
		if r.Schema != nil {
			schema = fmt.Sprintf("schema %s, CREATE %s", *r.Schema, yesNo(r.CanCreate))
		}
		super := ""
		if r.Superuser {
			super = " (superuser)"
		}
		line("role", "%s%s, %s", r.Name, super, schema)
	}
	if c := f.Capacity; c != nil {
		line("connections", "max %d, reserved %d, held by others %d, by this role here %d; limit of the role %s, of the database %s",
			c.MaxConnections, c.Reserved, c.Others, c.Own, limitText(c.RoleLimit), limitText(c.DatabaseLimit))
	}
}

func limitText(n int) string {
	if n < 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func pageBehavior(f *pgfacts.Facts, from facts.Position, line func(name, format string, args ...any)) {
	if s := f.PubSub; s != nil {
		text := "LISTEN is kept: " + yesNo(s.Listening)
		switch {
		case s.ListenError != "":
			text = "LISTEN: " + s.ListenError
		case s.Arrived:
			text += ", NOTIFY arrived after " + human.Duration(s.Took)
		case s.NotifyError != "":
			text += ", NOTIFY not tried: " + s.NotifyError
		default:
			text += ", NOTIFY did not arrive"
		}
		line("pubsub", "%s", text)
	}
	if len(f.Timeouts) == 0 {
		line("timeouts", "none")
	}
	for _, t := range f.Timeouts {
		line("timeouts", "%s = %s, set for the %s", t.Name, t.Value, t.Source)
	}
	if c := f.Clock; c != nil {
		direction := "ahead of"
		if c.Skew < 0 {
			direction = "behind"
		}
		line("clock", "%s %s that of %s, give or take %s", human.Duration(c.Skew.Abs()), direction, from, human.Duration(c.Uncertainty))
	}
	if a := f.Activity; a != nil && len(a.MigrationLocks)+len(a.IdleInTransaction) > 0 {
		line("activity", "%d sessions with the migration lock, %d idle in a transaction", len(a.MigrationLocks), len(a.IdleInTransaction))
	}
}

func pageCoder(f *pgfacts.Facts, line func(name, format string, args ...any)) {
	c := f.Coder
	switch {
	case c.V1:
		line("Coder", "a Coder v1")
	case c.Migration == nil:
		line("Coder", "has not used this database yet")
	default:
		dirty := ""
		if c.Migration.Dirty {
			dirty = ", dirty"
		}
		line("Coder", "schema version %d%s, deployment %s", c.Migration.Version, dirty, c.DeploymentID)
	}
	if len(c.Unlogged) > 0 {
		line("unlogged", "%s: not on a standby, empty after a crash or failover; replicas and agents fill them again", strings.Join(c.Unlogged, ", "))
	}
	stale := 0
	for _, r := range c.Replicas {
		switch {
		case r.Alive():
			text := fmt.Sprintf("%s, version %s, relay %s, database %s away, updated %s ago", r.Hostname, r.Version, r.RelayAddress, human.Duration(r.DatabaseLatency), human.Duration(max(r.Age, 0)))
			if r.Error != "" {
				text += "; " + r.Error
			}
			line("replica", "%s", text)
		case r.Stale():
			stale++
		}
	}
	if stale > 0 {
		line("replica", "%s of a replica that ended uncleanly", human.Count(stale, "row"))
	}
}
