// What the tests of several modules need. It stands on little, so that it fits each of
// them.
module github.com/coder-ha/coder-ha/tests/internal

go 1.26.0

require (
	github.com/yuin/goldmark v1.8.2
	mvdan.cc/sh/v3 v3.14.1
)
