// Package hosts tries what `coder-ha render` writes for hosts without Kubernetes:
// the files against the grammars of those who read them, and three hosts that run by
// them.
package hosts
