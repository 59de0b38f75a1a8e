package e2e

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// row is a replica as the database knows it.
type row struct {
	Hostname    string
	Relay       string
	Version     string
	Error       string
	ClusterHost string
	Started     time.Time
	Stopped     *time.Time
	Updated     time.Time
}

// database runs something on a connection to the test's Postgres, through a
// port that the API server forwards.
func (w *world) database(ctx context.Context, use func(context.Context, *pgx.Conn) error) error {
	options := k8s.NewKubectlOptions("", w.cluster.Kubeconfig, w.side)
	options.Logger = logger.Discard
	tunnel := k8s.NewTunnelWithLogger(options, k8s.ResourceTypeService, "postgres", 0, 5432, logger.Discard)
	if err := tunnel.ForwardPortE(w.t); err != nil {
		return fmt.Errorf("forwarding a port to Postgres: %w", err)
	}
	defer tunnel.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	connection, err := pgx.Connect(ctx, "postgres://coder:e2e-password@"+tunnel.Endpoint()+"/coder?sslmode=disable")
	if err != nil {
		return fmt.Errorf("connecting to Postgres: %w", err)
	}
	return errors.Join(use(ctx, connection), connection.Close(ctx))
}

// rows are the rows of the replicas table, oldest first.
func (w *world) rows(ctx context.Context, where string) ([]row, error) {
	var found []row
	err := w.database(ctx, func(ctx context.Context, c *pgx.Conn) error {
		result, err := c.Query(ctx, `SELECT hostname, relay_address AS relay, version, error, cluster_host AS clusterhost,
			started_at AS started, stopped_at AS stopped, updated_at AS updated FROM replicas WHERE `+where+` ORDER BY started_at`)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(result, pgx.RowToStructByName[row])
		return err
	})
	return found, err
}

// live selects the replicas that count as alive.
const live = `"primary" AND stopped_at IS NULL AND updated_at > now() - interval '15 seconds'`

// waitMesh waits until n replicas are alive in the database, each has pinged
// the others since all of them started, and none has an error.
func (w *world) waitMesh(n int) []row {
	w.t.Helper()
	var rows []row
	w.poll(time.Second, patience, fmt.Sprintf("%d replicas that reach each other", n), func(ctx context.Context) (bool, error) {
		var err error
		if rows, err = w.rows(ctx, live); err != nil {
			return false, err
		}
		if len(rows) != n {
			return false, fmt.Errorf("%d live rows", len(rows))
		}
		newest := rows[len(rows)-1].Started
		for _, r := range rows {
			if r.Error != "" {
				return false, fmt.Errorf("%s: %s", r.Hostname, r.Error)
			}
			// An update is written after the pings that it tells of.
			if r.Updated.Before(newest.Add(5 * time.Second)) {
				return false, fmt.Errorf("%s has not pinged all others yet", r.Hostname)
			}
		}
		return true, nil
	})
	require.Len(w.t, rows, n)
	return rows
}
