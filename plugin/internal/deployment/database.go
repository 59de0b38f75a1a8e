package deployment

import (
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// DatabaseURL is the connection URL of a replica, without its secrets.
type DatabaseURL struct {
	pgurl.Summary
	// Symbols are the names that stand in the summary for what only the cluster
	// knows.
	Symbols map[string]Text `json:"symbols,omitempty"`
	// Partial says that the user or the password is not known; the host and the
	// settings are.
	Partial bool `json:"partial,omitempty"`
}

// Show shows a text of the summary for people.
func (u DatabaseURL) Show(text string) string {
	for name, symbol := range u.Symbols {
		text = strings.ReplaceAll(text, name, symbol.String())
	}
	return text
}

// summarize reads a text with symbols in it.
func summarize(t Text, key digest.Key) *DatabaseURL {
	text, symbols := t.Standin()
	u := &DatabaseURL{Summary: pgurl.Summarize(text, key)}
	if len(symbols) > 0 {
		u.Symbols = symbols
	}
	return u
}

// newDatabaseURL summarizes the URL of a value; nil where there is none, or where
// too little of it is known.
func newDatabaseURL(v Value, key digest.Key) *DatabaseURL {
	switch {
	case v.State == Known && v.Text != "":
		return summarize(v.Text, key)
	case v.State == Unknown && v.Partial != "":
		// What stands behind the last @ is the host and the settings.
		_, address := splitUserInfo(string(v.Partial))
		u := summarize(v.Partial, key)
		u.Partial = true
		if _, known := Text(address).Literal(); !known || u.Problem != nil {
			return nil
		}
		return u
	default:
		return nil
	}
}

// databaseProxies are images that lead from loopback to a shared database.
var databaseProxies = []string{
	"cloud-sql-proxy", "gce-proxy", "cloudsql-proxy", "alloydb-auth-proxy", "pgbouncer", "pgpool", "pgcat", "odyssey", "haproxy",
	"envoy", "stunnel", "teleport", "boundary",
}

// DatabaseProxy is the container of the pod that takes connections to a database
// elsewhere; empty where there is none.
func (p *Pod) DatabaseProxy() string {
	if p == nil {
		return ""
	}
	for _, c := range p.Running() {
		if c.Name != p.CoderContainer().Name && partOf(imageName(c.Image), databaseProxies) {
			return c.Name
		}
	}
	return ""
}
