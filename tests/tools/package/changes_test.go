package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const changelog = `# Changelog

Words about the file.

- A point of no version.

## [Unreleased]

### Added

- Something to come.

## [1.1.0] - 2027-01-31

### Fixed

- ` + "`validate`" + ` says [where](docs/checks.md), in one
  line.

### Security

- A list in itself:
  - its first point
  - its second one

## [1.0.0] - 2027-01-01

### Added

- The first release.
`

func TestTheChangesAreThoseOfTheVersion(t *testing.T) {
	assert.Equal(t, []change{
		{"fixed", "validate says where, in one line."},
		{"security", "A list in itself"},
	}, changesOf([]byte(changelog), "1.1.0"))
	assert.Equal(t, []change{{"added", "The first release."}}, changesOf([]byte(changelog), "1.0.0"))
}

func TestAVersionWithoutHeadingHasTheUnreleasedChanges(t *testing.T) {
	assert.Equal(t, []change{{"added", "Something to come."}}, changesOf([]byte(changelog), "1.2.0"))
	assert.Empty(t, changesOf([]byte("# Changelog\n\n## [Unreleased]\n"), "1.2.0"))
}
