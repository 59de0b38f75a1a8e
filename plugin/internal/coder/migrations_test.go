package coder

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

func TestTheMigrationsOfTheChartsOwnVersionAreKnownOrSaidToBeUnknown(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "charts", "coder", "Chart.yaml"))
	require.NoError(t, err)
	var chart struct {
		AppVersion string `yaml:"appVersion"`
	}
	require.NoError(t, yaml.Unmarshal(text, &chart))
	v := ParseVersion(chart.AppVersion)
	require.True(t, v.Known(), "appVersion %q of the chart is not a version", chart.AppVersion)

	_, known := MigrationsOf(v)
	assert.True(t, known || v.Major == 2 && unknownMigrations[v.Minor] != "",
		"the chart ships Coder %s, of whose migrations nothing is known: add it to migrations, or to unknownMigrations with the reason", chart.AppVersion)
}

func TestMigrationsAreWhatTheReleasesBring(t *testing.T) {
	for name, test := range map[string]struct {
		version string
		want    Migrations
	}{
		"a version that gets no more patches is bounded by its newest release":          {"v2.31.3", Migrations{First: 412, Last: 421, AtMost: 421}},
		"a version that still gets patches is bounded by the first release of the next": {"2.35.1", Migrations{First: 535, Last: 535, AtMost: 555}},
		"the newest known version is not bounded":                                       {"2.36", Migrations{First: 556, Last: 556}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := MigrationsOf(ParseVersion(test.version))
			assert.True(t, ok)
			assert.Equal(t, test.want, got)
		})
	}
	for _, version := range []string{"", "latest", "2.23.0", "2.37.2", "3.36.0"} {
		_, ok := MigrationsOf(ParseVersion(version))
		assert.False(t, ok, version)
	}
	v, m := NewestKnownMigrations()
	assert.Equal(t, "2.36", v.String())
	assert.Equal(t, 556, m.Last)
}

func TestNoLaterVersionHasFewerMigrations(t *testing.T) {
	first := 0
	for _, minor := range slices.Sorted(maps.Keys(migrations)) {
		m := migrations[minor]
		assert.GreaterOrEqual(t, m.first, first, "2.%d", minor)
		assert.GreaterOrEqual(t, m.last, m.first, "2.%d", minor)
		assert.NotContains(t, unknownMigrations, minor)
		first = m.first
	}
}
