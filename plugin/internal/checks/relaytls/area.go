// Package relaytls declares the checks of relay URLs with https, and of the certificates behind them.
package relaytls

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var area = check.Area{ID: "relay-tls", Title: "Relay over TLS"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(httpsChecks(), untrustedChecks(), certificateChecks())
}
