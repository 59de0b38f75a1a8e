package pgfacts

// Flavor is the product or the service that a server belongs to.
type Flavor string

// The flavors that show themselves.
const (
	Plain       Flavor = "PostgreSQL"
	RDS         Flavor = "Amazon RDS"
	Aurora      Flavor = "Amazon Aurora"
	CloudSQL    Flavor = "Google Cloud SQL"
	AlloyDB     Flavor = "Google AlloyDB"
	Azure       Flavor = "Azure Database for PostgreSQL"
	CloudNative Flavor = "CloudNativePG"
	Patroni     Flavor = "Patroni"
	Neon        Flavor = "Neon"
	Supabase    Flavor = "Supabase"
	CockroachDB Flavor = "CockroachDB"
	YugabyteDB  Flavor = "YugabyteDB"
	Redshift    Flavor = "Amazon Redshift"
)

// Supported says whether Coder can run on the flavor: the unsupported ones
// speak the protocol of Postgres without being one.
func (f Flavor) Supported() bool {
	return f != CockroachDB && f != YugabyteDB && f != Redshift
}
