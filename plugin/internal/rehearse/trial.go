package rehearse

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/agent/embedded"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// Options say what to try.
type Options struct {
	Config     *rest.Config
	Deployment *deployment.Deployment
	Workloads  []Workload
	// Image is that of agents; empty for coderd's own.
	Image string
	Keep  bool
	// DatabaseOnly leaves the replicas alone. Beside does that of a deployment that runs.
	DatabaseOnly, Beside bool
	// Auth is CODER_PG_AUTH, ConnectTimeout that of the database, and Key that of the
	// digests in the answers.
	Auth           string
	ConnectTimeout time.Duration
	Key            digest.Key
	// Say takes a sentence that a user should know at once, Progress what is waited for.
	Say, Progress func(string)
}

// Result is what the agents found out.
type Result struct {
	Places   []facts.Place
	Links    []facts.Link
	Postgres []facts.Postgres
	// URLs are the database URLs in the environment of replicas, without secrets.
	URLs  map[string]URL
	Trial facts.Trial
	// Policies are the NetworkPolicies in the namespaces of the pods.
	Policies []networkingv1.NetworkPolicy
	// NoDatabase says why no agent asked one; empty where one did.
	NoDatabase string
}

// URL is a database URL of a pod.
type URL struct {
	pgurl.Summary
	Digest string
}

// Times of a run.
const (
	// margin is how long the cluster keeps pods beyond the end of the command.
	margin = 30 * time.Second
	// keepTime is how long it keeps those that are to stay.
	keepTime = time.Hour
	// waitShare is the part of the time in which the pods must run.
	waitShare = 2
	// removeTime bounds what is left of the request that removes the pods after
	// Ctrl-C, which ends within half a second; without it the request has requestTime.
	// goneTime is how long is waited for the end of the pods, and goneEach longer for
	// each of more than a few.
	removeTime = 400 * time.Millisecond
	goneTime   = 15 * time.Second
	goneEach   = 500 * time.Millisecond
	fewStands  = 10
)

// Run puts a pod in the place of each replica, lets them ask, and takes them away. An
// error says why nothing could be tried.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Image == "" && !embedded.Has() {
		return nil, embedded.ErrNone
	}
	c, err := connect(o.Config)
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, cluster: c, result: &Result{URLs: map[string]URL{}}}
	begin := time.Now()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	err = r.start(ctx)
	defer r.end(ctx)
	if err != nil {
		return nil, err
	}
	r.result.Trial.Started = time.Since(begin)
	r.ask(ctx)
	r.result.Trial.Elapsed = time.Since(begin)
	return r.result, nil
}

// run is one run.
type run struct {
	Options
	cluster *cluster
	plan    Plan
	jobs    []*batchv1.Job
	stands  []*stand
	result  *Result
}

var errNoReplica = errors.New("no replica will run in whose place a pod could be")

// prepare looks at what is there before anything is made.
func (r *run) prepare(ctx context.Context) error {
	if !slices.ContainsFunc(r.Workloads, func(w Workload) bool { return len(w.Replicas) > 0 }) {
		return errNoReplica
	}
	r.plan = Plan{Run: name(), Image: r.Image, Keep: r.Keep, Lifetime: keepTime, Beside: r.Beside}
	if r.Image != "" {
		r.result.Trial.AgentImage = true
		r.plan.Doors = newDoors(r.Workloads, r.Deployment.Replicas)
	}
	if deadline, ok := ctx.Deadline(); ok && !r.Keep {
		r.plan.Lifetime = time.Until(deadline).Round(time.Second) + margin
	}
	r.Progress("looking at what the pods would disturb")
	said := map[string]bool{}
	for _, w := range r.Workloads {
		sentences, err := r.cluster.hazards(ctx, w)
		if err != nil {
			return err
		}
		running, err := r.cluster.beside(ctx, w)
		if err != nil {
			return err
		}
		r.result.Trial.Running += running
		for _, s := range sentences {
			if !said[s] {
				said[s] = true
				r.Say(s)
			}
		}
	}
	return nil
}

// name is the name of a run.
func name() string {
	random := make([]byte, 4)
	// Read never fails, by its documentation.
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}

// start makes the pods and waits until they run.
func (r *run) start(ctx context.Context) error {
	for i, w := range r.Workloads {
		plan := r.plan
		missing, err := r.cluster.accountMissing(ctx, w)
		if err != nil {
			r.Say(err.Error())
		}
		if plan.DefaultAccount = missing; missing {
			r.Say(fmt.Sprintf("service account %s is not in namespace %s yet: the pods run without it", cmp.Or(w.Pod.Spec.ServiceAccountName, w.Pod.Spec.DeprecatedServiceAccount), w.Namespace))
		}
		if len(w.Replicas) > Most {
			r.Say(fmt.Sprintf("%s %s has %d replicas: the first %d get a pod", w.Kind, w.Name, len(w.Replicas), Most))
		}
		planned := plan.Job(w, i)
		job, err := r.cluster.create(ctx, planned)
		if err != nil {
			if cutShort(err) {
				// It may be there all the same.
				r.jobs = append(r.jobs, planned)
			}
			if right := lacks(err, "create", "jobs.batch", w.Namespace); right != "" {
				return errors.New(right)
			}
			return fmt.Errorf("the Job of the pods cannot be made: %w", err)
		}
		r.jobs = append(r.jobs, job)
		for n, replica := range w.Replicas {
			if n == Most {
				break
			}
			r.stands = append(r.stands, &stand{replica: replica, workload: i, index: n})
		}
	}
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if deadline, ok := ctx.Deadline(); ok {
		waiting, cancel = context.WithTimeout(ctx, time.Until(deadline)/waitShare)
	}
	defer cancel()
	if err := r.cluster.await(waiting, r.jobs, r.stands, r.plan.Run, r.Progress); err != nil {
		if right := lacks(err, "list", "pods", r.Workloads[0].Namespace); right != "" {
			return errors.New(right)
		}
		return fmt.Errorf("the pods cannot be seen: %w", err)
	}
	return nil
}

// cutShort says of the error of a request that it may have been done.
func cutShort(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// end takes the pods away, and waits until they are gone.
func (r *run) end(ctx context.Context) {
	if r.Keep {
		for _, job := range r.jobs {
			r.Say(fmt.Sprintf("the pods stay for %s: kubectl delete job %s -n %s", keepTime, job.Name, job.Namespace))
		}
		return
	}
	r.Progress("removing the pods")
	removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(removeTime, cancel) })()
	removed := make([]bool, len(r.jobs))
	var wg sync.WaitGroup
	for i, job := range r.jobs {
		wg.Go(func() {
			err := r.cluster.remove(removing, job)
			if right := lacks(err, "delete", "jobs.batch", job.Namespace); right != "" {
				err = errors.New(right)
			}
			if removed[i] = err == nil; !removed[i] {
				r.Say(fmt.Sprintf("Job %s in namespace %s is not removed (%s): the cluster removes it within %s", job.Name, job.Namespace, err, r.plan.Lifetime))
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return
	}
	limit := goneTime + goneEach*time.Duration(max(0, len(r.stands)-fewStands))
	gone, done := context.WithTimeout(ctx, limit)
	defer done()
	for i, job := range r.jobs {
		if !removed[i] {
			continue
		}
		for _, pod := range r.cluster.gone(gone, job) {
			r.Say(fmt.Sprintf("pod %s in namespace %s has not ended within %s: it is gone when node %s has ended it", pod.Name, pod.Namespace, limit, pod.Spec.NodeName))
		}
	}
}

// gone waits until the pods of a Job are, and returns those that are not.
func (c *cluster) gone(ctx context.Context, job *batchv1.Job) []corev1.Pod {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var left []corev1.Pod
	for {
		now, err := c.pods(ctx, job.Namespace, RunLabel+"="+job.Labels[RunLabel])
		if err == nil {
			left = slices.DeleteFunc(now, func(pod corev1.Pod) bool { return !ownedBy(pod, job) })
		}
		if err != nil || len(left) == 0 {
			return left
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return left
		}
	}
}

// stage says what is done now, and notes how long it takes when the returned function
// is called.
func (r *run) stage(name, detail string) (done func()) {
	r.Progress(name + detail)
	begin := time.Now()
	return func() {
		r.result.Trial.Stages = append(r.result.Trial.Stages, facts.Stage{Name: name, Took: time.Since(begin)})
	}
}

// absent records why nothing could be asked from the place of a replica.
func (r *run) absent(s *stand, reason string) {
	r.result.Trial.Absent = append(r.result.Trial.Absent, facts.Absence{
		Replica: s.replica, Reason: fmt.Sprintf("no pod answers in the place of %s: %s", s.replica, reason), Proof: "let the pod run, and run it again",
	})
}

// database is what the agent of a stand said of its database.
func (r *run) database(s *stand, f *pgfacts.Facts) {
	// A failure there is one of the replica, and not of another network.
	f.ClusterName, f.Target.InCluster = false, false
	r.result.Postgres = append(r.result.Postgres, facts.Postgres{Position: facts.Position(s.replica), Facts: f})
}
