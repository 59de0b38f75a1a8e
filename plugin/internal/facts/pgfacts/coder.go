// Package pgfacts is what one probe of a Postgres server found out.
package pgfacts

import "time"

// Coder is what the database holds of a Coder deployment.
type Coder struct {
	// V1 says that the database belongs to a Coder v1.
	V1 bool `json:"v1"`
	// Migration is nil where no Coder has ever used the database.
	Migration *Migration `json:"migration,omitempty"`
	// DeploymentID names the deployment.
	DeploymentID string `json:"deploymentId,omitempty"`
	// EncryptionKeys is how many active rows dbcrypt_keys has.
	EncryptionKeys int `json:"encryptionKeys"`
	// Unlogged are Coder's tables that a standby does not have and that a crash
	// of the server empties.
	Unlogged []string `json:"unlogged,omitempty"`
	// Replicas are the rows of the table replicas, the newest first; nil where
	// the table could not be read.
	Replicas []ReplicaRow `json:"replicas,omitempty"`
	// ReplicasRead says that the table was read.
	ReplicasRead bool `json:"replicasRead"`
}

// Migration is the row of schema_migrations.
type Migration struct {
	Version int  `json:"version"`
	Dirty   bool `json:"dirty"`
}

// ReplicaRow is one row of the table replicas, as coderd's replicasync keeps it.
type ReplicaRow struct {
	ID           string `json:"id"`
	Hostname     string `json:"hostname"`
	RegionID     int    `json:"regionId"`
	RelayAddress string `json:"relayAddress"`
	ClusterHost  string `json:"clusterHost"`
	NATSPort     int    `json:"natsPort"`
	Version      string `json:"version"`
	// Error is what the replica last recorded about its peers.
	Error string `json:"error,omitempty"`
	// DatabaseLatency is its own measurement.
	DatabaseLatency time.Duration `json:"databaseLatencyNs"`
	// Primary is true for coderd and false for workspace proxies.
	Primary   bool      `json:"primary"`
	StartedAt time.Time `json:"startedAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	Stopped   bool      `json:"stopped"`
	// Age is how long ago it was updated, by the database's clock; it is
	// negative where the replica's clock is ahead.
	Age time.Duration `json:"ageNs"`
}

// AliveAge is how old the row of a live replica may be: three times the update
// interval of coderd's replicasync, 5 s.
const AliveAge = 15 * time.Second

// Alive says that coderd counts the row as a running replica.
func (r ReplicaRow) Alive() bool { return r.Primary && !r.Stopped && r.Age < AliveAge }

// Stale says that the replica ended without saying so.
func (r ReplicaRow) Stale() bool { return r.Primary && !r.Stopped && r.Age >= AliveAge }

// Live are the rows that coderd counts as running replicas.
func (c *Coder) Live() []ReplicaRow {
	var live []ReplicaRow
	for _, r := range c.Replicas {
		if r.Alive() {
			live = append(live, r)
		}
	}
	return live
}
