package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// connectTimeout is how long coderd tries to reach Postgres.
	connectTimeout = 30 * time.Second
	// migrationLock is the advisory lock around all migrations, and
	// migrationWait how long coderd waits for it.
	migrationLock = 1037453835920848937
	migrationWait = 2 * time.Minute
)

func openDatabase(ctx context.Context, o options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(o.postgres)
	if err != nil {
		// The parser's message hides the password, the URL does not.
		return nil, errors.New("CODER_PG_CONNECTION_URL is not a valid Postgres URL")
	}
	config.MaxConns = int32(o.maxOpen)
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to postgres: %w", err)
	}
	deadline := time.Now().Add(connectTimeout)
	for tries := 1; ; tries++ {
		err = pool.Ping(ctx)
		if err == nil {
			return pool, checkVersion(ctx, pool)
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			pool.Close()
			return nil, fmt.Errorf("unable to connect after %d tries; last error: %w", tries, err)
		}
		wait := time.NewTimer(time.Second + rand.N(2*time.Second))
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
	}
}

func checkVersion(ctx context.Context, pool *pgxpool.Pool) error {
	var text string
	if err := pool.QueryRow(ctx, "SHOW server_version_num").Scan(&text); err != nil {
		return fmt.Errorf("get postgres version: %w", err)
	}
	if number, err := strconv.Atoi(text); err != nil || number < 130000 {
		return fmt.Errorf("PostgreSQL version must be v13.0.0 or higher! Got: %s", text)
	}
	return nil
}

// migrate brings the schema up to this version's, all in one transaction under
// the lock, and refuses a schema that is newer.
func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	own, err := strconv.Atoi(migration)
	if err != nil {
		return fmt.Errorf("read the number of the last migration: %w", err)
	}
	waiting, cancel := context.WithTimeout(ctx, migrationWait)
	defer cancel()
	err = pgx.BeginFunc(waiting, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(waiting, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return fmt.Errorf("get migration lock: %w", err)
		}
		if _, err := tx.Exec(waiting, schema); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		var current int
		var dirty bool
		err := tx.QueryRow(waiting, "SELECT version, dirty FROM schema_migrations").Scan(&current, &dirty)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
		case err != nil:
			return fmt.Errorf("read schema version: %w", err)
		case dirty:
			return errors.New("database has not been cleanly migrated")
		case current > own:
			return fmt.Errorf("database needs migration: no migration found for version %d", current)
		case current == own:
			return nil
		}
		if _, err := tx.Exec(waiting, "DELETE FROM schema_migrations"); err != nil {
			return fmt.Errorf("write schema version: %w", err)
		}
		if _, err := tx.Exec(waiting, "INSERT INTO schema_migrations VALUES ($1, false)", own); err != nil {
			return fmt.Errorf("write schema version: %w", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("migrate up: %w", err)
	}
	return nil
}

// schema is the part of Coder's schema that replicas share their state in.
const schema = `
CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
CREATE TABLE IF NOT EXISTS site_configs (key varchar(256) NOT NULL UNIQUE, value text NOT NULL);
INSERT INTO site_configs VALUES ('deployment_id', gen_random_uuid()::text) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS replicas (
	id uuid NOT NULL,
	created_at timestamptz NOT NULL,
	started_at timestamptz NOT NULL,
	stopped_at timestamptz,
	updated_at timestamptz NOT NULL,
	hostname text NOT NULL,
	region_id integer NOT NULL,
	relay_address text NOT NULL,
	database_latency integer NOT NULL,
	version text NOT NULL,
	error text DEFAULT '' NOT NULL,
	"primary" boolean DEFAULT true NOT NULL,
	cluster_host text DEFAULT '' NOT NULL,
	nats_port integer DEFAULT 0 NOT NULL CHECK (nats_port BETWEEN 0 AND 65535)
)`
