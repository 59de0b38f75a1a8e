// What the tests of several modules need. It stands on nothing but Go's own library,
// so that it fits each of them.
module github.com/coder-ha/coder-ha/tests/internal

go 1.26.0
