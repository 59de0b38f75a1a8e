//go:build majors

package majors

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// endOfLife is when the community ends the support of those major versions for
// which that happens soon.
var endOfLife = map[int]time.Time{
	13: time.Date(2025, 11, 13, 0, 0, 0, 0, time.UTC), 14: time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC),
	15: time.Date(2027, 11, 11, 0, 0, 0, 0, time.UTC), 16: time.Date(2028, 11, 9, 0, 0, 0, 0, time.UTC),
	17: time.Date(2029, 11, 8, 0, 0, 0, 0, time.UTC), 18: time.Date(2030, 11, 14, 0, 0, 0, 0, time.UTC),
}

// oldest is the first major version that Coder accepts.
const oldest = 13

func start(t *testing.T, o postgrestest.Options) *postgrestest.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := postgrestest.Start(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Stop()) })
	return s
}

func TestEveryMajorVersion(t *testing.T) {
	for _, m := range postgrestest.Majors {
		t.Run(fmt.Sprint(m.Number), func(t *testing.T) {
			dir, err := postgrestest.MajorDir(m.Number)
			require.NoError(t, err)
			require.DirExists(t, dir, "run `make postgres-majors` first")
			binaries := filepath.Join(dir, "bin")
			primary := start(t, postgrestest.Options{Binaries: binaries})
			var errors, warnings []string
			if m.Number < oldest {
				errors = []string{"postgres-version"}
			} else if time.Now().After(endOfLife[m.Number]) {
				warnings = []string{"postgres-version"}
			}

			got := preflight.Ask(t, preflight.Database(t, primary))
			got.Expect(t, errors, warnings)
			assert.Empty(t, got.Postgres.Facts[0].Gaps)
			assert.Contains(t, got.Note(t, "postgres-pooler"), "NOTIFY arrived")

			used := preflight.Ask(t, preflight.CoderDatabaseOn(t, primary), "--coder-version", "2.35.1")
			used.Expect(t, errors, warnings)
			assert.Empty(t, used.Postgres.Facts[0].Gaps)

			weak := preflight.Database(t, primary, "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "ALTER SCHEMA public OWNER TO postgres")
			preflight.Ask(t, weak).Expect(t, append(errors, "postgres-schema"), warnings)

			standby := start(t, postgrestest.Options{Binaries: binaries, StandbyOf: primary})
			preflight.Ask(t, standby.SuperURL()).Expect(t, append(errors, "postgres-read-only"), warnings)
		})
	}
}
