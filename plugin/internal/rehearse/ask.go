package rehearse

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

// How many agents do a thing at once: get their program, which takes the line of this
// machine, and ask the database, which may have few connections left.
const (
	openedAtOnce    = 8
	databasesAtOnce = 4
)

// ask lets the agents ask, one kind of thing after the other.
func (r *run) ask(ctx context.Context) {
	streams, cancel := context.WithCancel(ctx)
	defer cancel()
	done := r.stage("bringing the agents", "")
	each(r.stands, openedAtOnce, func(s *stand) { r.open(ctx, streams, s) })
	done()
	var here []*stand
	for _, s := range r.stands {
		if s.session != nil {
			here = append(here, s)
			continue
		}
		r.absent(s, s.why)
	}
	if len(here) == 0 {
		r.result.NoDatabase = "no pod answers in the place of a replica"
		if len(r.result.Trial.Absent) > 0 {
			r.result.NoDatabase = r.result.Trial.Absent[0].Reason
		}
		return
	}
	places, unplaced := r.cluster.places(ctx, here)
	r.result.Trial.Unplaced = unplaced
	for _, s := range here {
		at := places[s.pod.Spec.NodeName]
		r.result.Places = append(r.result.Places, facts.Place{
			Position: facts.Position(s.replica), Node: s.pod.Spec.NodeName, Zone: at.zone, Region: at.region, IP: s.pod.Status.PodIP,
		})
	}
	if !r.DatabaseOnly {
		r.askReplicas(ctx, here)
	}
	done = r.stage("asking the database from the place of each replica", "")
	r.askDatabases(ctx, here)
	done()
	r.endAll(ctx, here)
	each(here, len(here), func(s *stand) { s.session.close(ctx) })
}

// each does a thing for every stand, some of them at once.
func each(stands []*stand, atOnce int, do func(*stand)) {
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for _, s := range stands {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			do(s)
		})
	}
	wg.Wait()
}

// open starts the agent in a pod, and lets it serve.
func (r *run) open(ctx, streams context.Context, s *stand) {
	if !s.runs() {
		if s.why == "" {
			s.why = "it has no pod"
		}
		return
	}
	opened, right, err := r.reach(streams, s)
	var reply agent.Reply
	if err == nil {
		reply, err = opened.ask(ctx, agent.Request{Begin: new(r.begin(s))})
	}
	if err != nil {
		s.why = "the agent cannot be started: " + err.Error()
		if refuses(err, right) {
			s.why = fmt.Sprintf("this user lacks the verb create on %s in namespace %s", right, s.pod.Namespace)
		}
		return
	}
	s.session, s.deaf = opened, reply.Listening
}

// reach opens the way to an agent, by the right that is named.
func (r *run) reach(streams context.Context, s *stand) (opened *session, right string, err error) {
	if r.Image != "" {
		opened, err = r.cluster.openByDoor(streams, *s.pod, r.plan.Doors.of(s.workload)+s.index, r.plan.Doors.token)
		return opened, forwardRight, err
	}
	w := r.Workloads[s.workload]
	opened, err = r.cluster.openByExec(streams, *s.pod, w.Pod.Spec.Containers[w.Container].Name)
	return opened, execRight, err
}

// replica is that of a stand.
func (r *run) replica(s *stand) deployment.Replica {
	at := slices.IndexFunc(r.Deployment.Replicas, func(one deployment.Replica) bool { return one.Name == s.replica && one.Workload == s.workload })
	return r.Deployment.Replicas[at]
}

// begin says who the agent is, and where coderd would listen.
func (r *run) begin(s *stand) agent.Begin {
	one := r.replica(s)
	b := agent.Begin{Run: r.plan.Run, Identity: r.identity(s), ClusterPort: coder.NATSPort}
	if r.Beside {
		return b
	}
	if address, ok := s.fill(one.Address(coder.HTTPAddress)); ok {
		b.Listeners = append(b.Listeners, agent.Listener{Address: address})
	}
	if on, known := one.TLS(); on && known {
		if address, ok := s.fill(one.Address(coder.TLSAddress)); ok {
			b.Listeners = append(b.Listeners, agent.Listener{
				Address: address, Certs: one.Env(coder.TLSCertFile).List(), Keys: one.Env(coder.TLSKeyFile).List(),
			})
		}
	}
	if host, ok := r.clusterHost(s); ok {
		b.ClusterHost = host
	}
	return b
}

func (r *run) identity(s *stand) string { return r.plan.Run + "/" + s.replica }

// fill is a value with the addresses of the pod in it; ok is false where it is not
// known.
func (s *stand) fill(v deployment.Value) (string, bool) {
	if !v.Set() || v.FromSecret || v.Hidden || v.LeftUnexpanded() {
		return "", false
	}
	return v.Text.Fill(func(field, owner string) (string, bool) {
		switch {
		case owner != s.replica:
			return "", false
		case field == deployment.FieldPodIP:
			return s.pod.Status.PodIP, true
		case field == deployment.FieldHostIP:
			return s.pod.Status.HostIP, true
		default:
			return "", false
		}
	})
}

// own says whether a value holds an address of the pod, so that a pod in the place of
// the replica can stand for it.
func own(v deployment.Value) bool {
	return v.Text.HasField(deployment.FieldPodIP) || v.Text.HasField(deployment.FieldHostIP)
}

func (r *run) clusterHost(s *stand) (string, bool) {
	one := r.replica(s)
	host := one.EffectiveClusterHost()
	if on, _ := r.Deployment.NATS(one); !on || !own(host) {
		return "", false
	}
	return s.fill(host)
}

// peer is how others are to ask the replica of a stand. What cannot be tried is
// recorded.
func (r *run) peer(s *stand) mesh.Peer {
	one := r.replica(s)
	p := mesh.Peer{Name: s.replica, Identity: r.identity(s)}
	if relay := one.Env(coder.RelayURL); one.EmbeddedRelay() && relay.Set() {
		url, ok := s.fill(relay)
		deaf := s.deafAt(portOf(url))
		switch {
		case ok && own(relay) && deaf != "":
			r.untried(s, facts.RelayAddress, deaf)
		case ok && own(relay):
			p.Relay = url
		case relay.FromSecret || relay.Hidden:
			r.untried(s, facts.RelayAddress, "its relay URL comes from a Secret")
		case !relay.LeftUnexpanded():
			r.untried(s, facts.RelayAddress, "its relay URL "+relay.String()+" does not hold the address of the pod, so no other pod can stand for it")
		}
	}
	on, _ := r.Deployment.NATS(one)
	if host := one.EffectiveClusterHost(); on && host.Set() {
		address, ok := r.clusterHost(s)
		deaf := s.deafAt(strconv.Itoa(coder.NATSPort))
		switch {
		case ok && deaf != "":
			r.untried(s, facts.ClusterAddress, deaf)
		case ok:
			p.Cluster = address
		case !host.LeftUnexpanded():
			r.untried(s, facts.ClusterAddress, "its cluster host is not the address of the pod, so no other pod can stand for it")
		}
	}
	return p
}

// deafAt says why the agent of a stand does not listen on a port where coderd would;
// empty if it does. What nobody listens on for the replica says nothing of coderd.
func (s *stand) deafAt(port string) string {
	for _, address := range slices.Sorted(maps.Keys(s.deaf)) {
		if _, at, err := net.SplitHostPort(address); err == nil && at == port {
			return fmt.Sprintf("the agent in its place cannot listen on %s: %s", address, s.deaf[address])
		}
	}
	return ""
}

// portOf is the port that a URL leads to; empty if it is none.
func portOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

func (r *run) untried(s *stand, what, why string) {
	r.result.Trial.Untried = append(r.result.Trial.Untried, facts.Absence{
		Replica: s.replica, What: what, Reason: s.replica + ": " + why, Proof: "ask the replicas once they run",
	})
}

// askReplicas lets each agent ask all others, and then measure them.
func (r *run) askReplicas(ctx context.Context, here []*stand) {
	peers := make([]mesh.Peer, len(here))
	for i, s := range here {
		peers[i] = r.peer(s)
	}
	serverName, access := "", ""
	if v := r.Deployment.Replicas[0].Env(coder.AccessURL); v.Set() && !v.FromSecret && !v.Hidden && !v.LeftUnexpanded() {
		if text, literal := v.Text.Literal(); literal {
			access = text
			if e, err := deployment.ParseEndpoint(v.Text); err == nil {
				serverName = string(e.Host)
			}
		}
	}
	r.readPolicies(ctx)
	done := r.stage("asking the replicas from each other", "")
	links := make([][]facts.Link, len(here))
	each(here, len(here), func(s *stand) {
		i := slices.Index(here, s)
		reply, err := s.session.ask(ctx, agent.Request{Reach: &agent.Reach{Peers: others(peers, i), ServerName: serverName}})
		if err == nil {
			links[i] = reply.Links
		}
		if access == "" {
			return
		}
		if reply, err := s.session.ask(ctx, agent.Request{Access: &agent.Access{URL: access}}); err == nil {
			r.result.Places[i].Access = reply.Access
		}
	})
	r.askAgain(ctx, here, peers, links, serverName)
	done()
	r.measure(ctx, here, peers, links, serverName)
	for i, s := range here {
		for _, link := range links[i] {
			link.From = facts.Position(s.replica)
			r.result.Links = append(r.result.Links, link)
		}
	}
}

// readPolicies reads the NetworkPolicies that are in force while the agents ask.
func (r *run) readPolicies(ctx context.Context) {
	var namespaces []string
	for _, w := range r.Workloads {
		if !slices.Contains(namespaces, w.Namespace) {
			namespaces = append(namespaces, w.Namespace)
		}
	}
	t := &r.result.Trial
	r.result.Policies, t.PoliciesUnread = r.cluster.networkPolicies(ctx, namespaces)
	t.PoliciesRead = t.PoliciesUnread == ""
}

// others are the peers after one, in a circle.
func others(peers []mesh.Peer, i int) []mesh.Peer {
	return append(slices.Clone(peers[i+1:]), peers[:i]...)
}

// askDatabases lets the agents ask the database that their environment names.
func (r *run) askDatabases(ctx context.Context, here []*stand) {
	replies := make([]agent.Reply, len(here))
	each(here, databasesAtOnce, func(s *stand) {
		w := r.Workloads[s.workload]
		reply, err := s.session.ask(ctx, agent.Request{Database: &agent.Database{
			Variable: coder.PostgresURL, Origin: fmt.Sprintf("%s of %s %s/%s", coder.PostgresURL, w.Kind, w.Namespace, w.Name),
			Auth: r.Auth, ConnectTimeout: r.ConnectTimeout, Key: r.Key,
		}})
		if err != nil {
			reply.Problem = err.Error()
		}
		replies[slices.Index(here, s)] = reply
	})
	unasked := map[string]string{}
	for i, s := range here {
		reply := replies[i]
		if reply.URL != nil {
			r.result.URLs[s.replica] = URL{*reply.URL, reply.Digest}
		}
		if reply.Database != nil {
			r.database(s, reply.Database)
			continue
		}
		unasked[s.replica] = cmp.Or(reply.Problem, "the database URL in the pod cannot be used")
		r.result.NoDatabase = unasked[s.replica]
	}
	if len(r.result.Postgres) == 0 {
		return
	}
	r.result.NoDatabase = ""
	for _, replica := range slices.Sorted(maps.Keys(unasked)) {
		reason := fmt.Sprintf("the database was not asked from the place of %s: %s", replica, unasked[replica])
		r.Say(reason)
		r.result.Trial.Untried = append(r.result.Trial.Untried, facts.Absence{
			Replica: replica, What: facts.DatabaseThere, Reason: reason, Proof: "let the pod ask the database, and run it again",
		})
	}
}

// endAll hears what others sent to the agents.
func (r *run) endAll(ctx context.Context, here []*stand) {
	foreign := make([]int, len(here))
	each(here, len(here), func(s *stand) {
		if reply, err := s.session.ask(ctx, agent.Request{End: &agent.End{}}); err == nil {
			foreign[slices.Index(here, s)] = reply.Foreign
		}
	})
	for _, n := range foreign {
		r.result.Trial.Foreign += n
	}
}
