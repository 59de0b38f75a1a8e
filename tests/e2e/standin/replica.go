package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Times of Coder's replicasync and pubsub.
const (
	updateInterval   = 5 * time.Second
	deadAfter        = 3 * updateInterval
	cleanupInterval  = 30 * time.Minute
	pingTimeout      = 3 * time.Second
	closeTimeout     = 5 * time.Second
	watchdogBeat     = 15 * time.Second
	watchdogTimeout  = 5 * time.Minute
	listenRetryFirst = time.Second
	listenRetryLast  = time.Minute
	replicaChannel   = "replica"
	watchdogChannel  = "pubsub_watchdog"
	latencyCheckPath = "/derp/latency-check"
)

// replica is this process among the others.
type replica struct {
	opts   options
	db     *pgxpool.Pool
	id     uuid.UUID
	error  string
	client *http.Client
}

func newReplica(o options, db *pgxpool.Pool) *replica {
	return &replica{opts: o, db: db, id: uuid.New(), client: &http.Client{Timeout: pingTimeout}}
}

// start makes the replica known.
func (r *replica) start(ctx context.Context) error {
	if err := r.insert(ctx); err != nil {
		return fmt.Errorf("insert replica: %w", err)
	}
	return r.publish(ctx)
}

func (r *replica) insert(ctx context.Context) error {
	port := 0
	if r.opts.natsPubsub {
		port = natsPort
	}
	now := time.Now()
	latency, err := r.latency(ctx)
	if err != nil {
		return err
	}
	_, err = r.db.Exec(ctx, `INSERT INTO replicas (id, created_at, started_at, updated_at, hostname, region_id, relay_address,
		database_latency, version, error, "primary", cluster_host, nats_port) VALUES ($1,$2,$2,$2,$3,$4,$5,$6,$7,$8,true,$9,$10)`,
		r.id, now, r.opts.hostname, r.opts.regionID, r.opts.relayURL, latency, version, r.error, r.opts.clusterHost, port)
	return err
}

// latency is one ping of the database, in microseconds.
func (r *replica) latency(ctx context.Context) (int64, error) {
	begin := time.Now()
	if err := r.db.Ping(ctx); err != nil {
		return 0, fmt.Errorf("ping the database: %w", err)
	}
	return time.Since(begin).Microseconds(), nil
}

func (r *replica) publish(ctx context.Context) error {
	if _, err := r.db.Exec(ctx, "SELECT pg_notify($1, $2)", replicaChannel, r.id.String()); err != nil {
		return fmt.Errorf("publish replica: %w", err)
	}
	return nil
}

// run keeps the replica's row fresh until the context ends. A database that
// does not answer is waited for; only the watchdog gives up.
func (r *replica) run(ctx context.Context) error {
	news := make(chan string, 16)
	go r.listen(ctx, news)
	update := time.NewTicker(updateInterval)
	defer update.Stop()
	cleanup := time.NewTicker(cleanupInterval)
	defer cleanup.Stop()
	beat := time.NewTicker(watchdogBeat)
	defer beat.Stop()
	watchdog := time.NewTimer(watchdogTimeout)
	defer watchdog.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-watchdog.C:
			return errors.New("pubsub watchdog timeout")
		case <-beat.C:
			r.attempt(ctx, "send heartbeat", func(ctx context.Context) error {
				_, err := r.db.Exec(ctx, "SELECT pg_notify($1, '')", watchdogChannel)
				return err
			})
		case <-cleanup.C:
			r.attempt(ctx, "delete old replicas", func(ctx context.Context) error {
				_, err := r.db.Exec(ctx, "DELETE FROM replicas WHERE updated_at < $1", time.Now().Add(-deadAfter))
				return err
			})
		case <-update.C:
			r.attempt(ctx, "update replica", r.update)
		case channel := <-news:
			if channel == watchdogChannel {
				watchdog.Reset(watchdogTimeout)
			} else {
				r.attempt(ctx, "update replica", r.update)
			}
		}
	}
}

// attempt does something that may fail while the database is away.
func (r *replica) attempt(ctx context.Context, what string, do func(context.Context) error) {
	limited, cancel := context.WithTimeout(ctx, updateInterval)
	defer cancel()
	if err := do(limited); err != nil && ctx.Err() == nil {
		fmt.Printf("[warn] replicasync: %s: %v\n", what, err)
	}
}

// listen passes on what other replicas, and this one, say through Postgres.
// It comes back later after each attempt that fails, as coderd does.
func (r *replica) listen(ctx context.Context, news chan<- string) {
	retry := listenRetryFirst
	for ctx.Err() == nil {
		connected, err := r.listenOnce(ctx, news)
		if ctx.Err() != nil {
			return
		}
		if connected {
			retry = listenRetryFirst
			fmt.Printf("[warn] pubsub disconnected from postgres: %v\n", err)
			continue
		}
		fmt.Printf("[warn] pubsub failed to connect to postgres: %v\n", err)
		wait := time.NewTimer(retry)
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		retry = nextRetry(retry)
	}
}

// nextRetry is the wait after another attempt that failed: twice as long.
func nextRetry(last time.Duration) time.Duration { return min(2*last, listenRetryLast) }

// listenOnce listens until the connection is lost, and reports whether there
// was one.
func (r *replica) listenOnce(ctx context.Context, news chan<- string) (bool, error) {
	connection, err := pgx.ConnectConfig(ctx, r.db.Config().ConnConfig)
	if err != nil {
		return false, fmt.Errorf("connect: %w", err)
	}
	defer connection.Close(context.WithoutCancel(ctx))
	for _, channel := range []string{replicaChannel, watchdogChannel} {
		if _, err := connection.Exec(ctx, "LISTEN "+channel); err != nil {
			return false, fmt.Errorf("listen: %w", err)
		}
	}
	for {
		n, err := connection.WaitForNotification(ctx)
		if err != nil {
			return true, fmt.Errorf("wait: %w", err)
		}
		if n.Payload == r.id.String() {
			continue
		}
		select {
		case news <- n.Channel:
		case <-ctx.Done():
			return true, ctx.Err()
		}
	}
}

// update pings the other replicas and writes what came of it into the row.
func (r *replica) update(ctx context.Context) error {
	peers, err := r.peers(ctx)
	if err != nil {
		return err
	}
	latency, err := r.latency(ctx)
	if err != nil {
		return err
	}
	failure := r.ping(peers)
	changed := failure != r.error
	r.error = failure
	tag, err := r.db.Exec(ctx, "UPDATE replicas SET updated_at = $2, database_latency = $3, error = $4 WHERE id = $1",
		r.id, time.Now(), latency, failure)
	if err != nil {
		return fmt.Errorf("write own row: %w", err)
	}
	if tag.RowsAffected() == 0 {
		if err := r.insert(ctx); err != nil {
			return fmt.Errorf("insert own row again: %w", err)
		}
		changed = true
	}
	if changed {
		return r.publish(ctx)
	}
	return nil
}

type peer struct{ hostname, relay string }

// peers are the live replicas of this region that have a relay URL.
func (r *replica) peers(ctx context.Context) ([]peer, error) {
	rows, err := r.db.Query(ctx, `SELECT hostname, relay_address FROM replicas WHERE "primary" AND updated_at > $1
		AND stopped_at IS NULL AND id <> $2 AND region_id = $3 AND relay_address <> ''`, time.Now().Add(-deadAfter), r.id, r.opts.regionID)
	if err != nil {
		return nil, fmt.Errorf("list replicas: %w", err)
	}
	peers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (peer, error) {
		var p peer
		return p, row.Scan(&p.hostname, &p.relay)
	})
	if err != nil {
		return nil, fmt.Errorf("list replicas: %w", err)
	}
	return peers, nil
}

// ping asks every peer, side by side, and gives the text for the row's error.
func (r *replica) ping(peers []peer) string {
	failures := make([]string, len(peers))
	var pings sync.WaitGroup
	for i, p := range peers {
		pings.Go(func() {
			if err := r.pingPeer(p.relay); err != nil {
				failures[i] = fmt.Sprintf("ping sibling replica %s (%s): %v", p.hostname, p.relay, err)
				fmt.Printf("[warn] failed to ping sibling replica, this could happen if the replica has shutdown: %s\n", failures[i])
			}
		})
	}
	pings.Wait()
	var all []string
	for _, failure := range failures {
		if failure != "" {
			all = append(all, failure)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "Failed to dial peers: " + strings.Join(all, ", ")
}

func (r *replica) pingPeer(relay string) error {
	base, err := url.Parse(relay)
	if err != nil {
		return fmt.Errorf("parse relay address: %w", err)
	}
	target := base.ResolveReference(&url.URL{Path: latencyCheckPath})
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return fmt.Errorf("create request: %w", err)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("do probe: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("unexpected status code: %d", response.StatusCode)
	}
	return nil
}

// stop marks the row as stopped.
func (r *replica) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_, err := r.db.Exec(ctx, `UPDATE replicas SET updated_at = $2, stopped_at = $2, "primary" = false, nats_port = 0 WHERE id = $1`, r.id, time.Now())
	if err != nil {
		return fmt.Errorf("mark replica as stopped: %w", err)
	}
	return r.publish(ctx)
}
