package coder

import (
	"maps"
	"slices"
)

// Migrations is what is known of the migrations that the releases of one minor
// version of Coder 2 bring: each number is that of the last one in a release.
type Migrations struct {
	// First and Last are those of the first release, and of the newest release
	// that was read.
	First, Last int
	// AtMost is the highest number that any release of this minor version can
	// have, including releases that were not read; 0 where nothing bounds it.
	AtMost int
}

// released is one line of the table of migrations.
type released struct {
	first, last int
	// settled says that no later release of this minor version can bring more.
	settled bool
}

// migrations holds the minor versions of Coder 2 by number: up to 2.35 from
// coderd/database/migrations at the tags, read in July 2026, and 2.36 from the
// modules v2.36.0 and v2.36.1. A patch may bring a migration, as those of 2.31
// did, so the versions that still got patches then are not settled: the three
// newest ones and the ESR ones, 2.29 and 2.34.
var migrations = map[int]released{
	24: {343, 343, true}, 25: {352, 352, true}, 26: {362, 362, true}, 27: {376, 376, true},
	28: {393, 393, true}, 29: {401, 401, false}, 30: {412, 412, true}, 31: {412, 421, true},
	32: {462, 462, true}, 33: {483, 483, false}, 34: {509, 509, false}, 35: {535, 535, false},
	36: {556, 556, false},
}

// unknownMigrations are the released minor versions of Coder 2 whose migrations
// are not known, and why.
var unknownMigrations = map[int]string{
	37: "the Go module proxy does not serve github.com/coder/coder/v2 v2.37.0 to v2.37.2",
	38: "the Go module proxy does not serve github.com/coder/coder/v2 v2.38.0",
}

// MigrationsOf is what is known of the migrations of a version of Coder; ok is
// false where nothing is.
func MigrationsOf(v Version) (m Migrations, ok bool) {
	known, ok := migrations[v.Minor]
	if v.Major != 2 || !ok {
		return Migrations{}, false
	}
	m = Migrations{First: known.first, Last: known.last, AtMost: known.last}
	if !known.settled {
		// A patch of an older minor version was never seen to reach the next
		// one's first release.
		m.AtMost = max(migrations[v.Minor+1].first-1, 0)
	}
	return m, true
}

// NewestKnownMigrations is the newest version whose migrations are known, and
// what is known of them.
func NewestKnownMigrations() (Version, Migrations) {
	v := Version{Major: 2, Minor: slices.Max(slices.Collect(maps.Keys(migrations)))}
	m, _ := MigrationsOf(v)
	return v, m
}
