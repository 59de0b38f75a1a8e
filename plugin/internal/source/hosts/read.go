package hosts

import (
	"context"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

func readEnvFile(ctx context.Context, path string) ([]byte, error) {
	return limits.ReadFile(ctx, path, limits.EnvFile)
}

func readUnit(ctx context.Context, path string) ([]byte, error) {
	return limits.ReadFile(ctx, path, limits.UnitFile)
}

// learn makes the secrets among the variables of the hosts known.
func (o Options) learn(nodes []*node) {
	for _, n := range nodes {
		for _, f := range n.files {
			for _, a := range f.parsed.Assignments {
				o.Secrets.Add(secretsOf(a.Name, a.Text)...)
			}
		}
		for _, v := range n.table {
			o.Secrets.Add(secretsOf(v.Name, v.Text)...)
		}
	}
}

// secretsOf are those that the value of a variable holds.
func secretsOf(name, text string) []string {
	switch {
	case !coder.IsSecret(name):
		return nil
	case name != coder.PostgresURL:
		return []string{text}
	}
	u, err := pgurl.Parse(text)
	if err != nil {
		return []string{text}
	}
	return []string{u.Password()}
}
