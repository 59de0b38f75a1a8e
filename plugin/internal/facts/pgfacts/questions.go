package pgfacts

// The questions, as gaps call them.
const (
	AskVersion       = "version"
	AskState         = "recovery and read-only state"
	AskIdentity      = "identity of the database"
	AskRights        = "schema and rights"
	AskAdvisoryLocks = "advisory locks"
	AskTimeouts      = "timeouts"
	AskSources       = "settings of role and database"
	AskMigrationLock = "migration lock"
	AskIdle          = "idle transactions"
	AskConnections   = "connections"
	AskLimits        = "connection limits"
	AskFlavor        = "flavor"
	AskTables        = "tables"
	AskSchemaVersion = "schema version"
	AskReplicas      = "replicas"
	AskDeploymentID  = "deployment id"
	AskKeys          = "encryption keys"
	AskClock         = "clock"
	AskListen        = "LISTEN"
	AskListening     = "listening channels"
	AskNotify        = "NOTIFY"
	AskUnlisten      = "UNLISTEN"
)

// TooManyConnections is the SQLSTATE of a server, database or role that has no
// connection left.
const TooManyConnections = "53300"

// The kinds of authentication of CODER_PG_AUTH.
const (
	AuthPassword = "password"
	AuthAWSIAM   = "awsiamrds"
)
