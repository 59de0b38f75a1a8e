package check

import "time"

// Limits are the thresholds that are this project's choice. Each has a flag.
type Limits struct {
	// CertificateWarning is how long before its end a certificate is reported.
	CertificateWarning time.Duration
	// LicenseWarning is how long before its end a license is reported: 30 days, as
	// Coder's own banner does.
	LicenseWarning time.Duration
	// RelayLatencyWarning and RelayLatencyError bound the median round trip between
	// two replicas.
	RelayLatencyWarning, RelayLatencyError time.Duration
	Postgres                               PostgresLimits
}

// DefaultLimits are the thresholds without any flag.
func DefaultLimits() Limits {
	return Limits{
		CertificateWarning: 14 * 24 * time.Hour, LicenseWarning: 30 * 24 * time.Hour,
		RelayLatencyWarning: 10 * time.Millisecond, RelayLatencyError: 50 * time.Millisecond,
		Postgres: DefaultPostgresLimits(),
	}
}
