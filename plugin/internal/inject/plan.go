package inject

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
)

// Plan is what to change in the files of an input. It holds none of the nodes.
type Plan struct {
	// Changes say for each workload what is done, for people.
	Changes []string

	changes []change
	// sums are digests of the files as they are meant to be, by name.
	sums map[string]digest
}

// change is that of one env.
type change struct {
	file string
	line int
	// place is the index of the container among those that run coderd.
	place int
	edits []edit
	// entries are what the items are meant to be, nil for one that stays.
	entries []*coder.Entry
}

// Changed says whether there is anything to do.
func (p Plan) Changed() bool { return len(p.changes) > 0 }

// Wrong names the values of a workload that shall be replaced.
type Wrong struct{ RelayURL, ClusterHost, PodIP bool }

// Complete plans what is missing. It replaces nothing that somebody wrote, but for
// entries without a value, and puts the pod's address in front of a relay URL that
// is made of it. By force it also replaces a KUBE_POD_IP that is no such address.
func (in *Input) Complete(force bool) (Plan, error) {
	return in.plan(func(w *wiring) error {
		w.force = force
		return w.complete()
	})
}

// Correct plans to replace what is wrong; wrong is by the index of the workload.
func (in *Input) Correct(wrong []Wrong) (Plan, error) {
	return in.plan(func(w *wiring) error {
		w.force = true
		return w.correct(wrong[w.replica.Workload])
	})
}

func (in *Input) plan(each func(*wiring) error) (Plan, error) {
	p := Plan{sums: map[string]digest{}}
	meant := map[*yaml.Node]planned{}
	for i, r := range in.Deployment.Representatives() {
		w := &wiring{in: in, place: in.places[i], replica: r}
		if err := each(w); err != nil {
			return Plan{}, err
		}
		if w.list == nil {
			continue
		}
		w.list.finish()
		env := w.list.planned()
		meant[w.list.container] = env
		file := w.place.Object.File
		p.sums[file] = digest{}
		p.changes = append(p.changes, change{file: file, line: w.list.container.Line, place: i, edits: w.list.edits, entries: env.entries})
		p.Changes = append(p.Changes, fmt.Sprintf("%s: %s", w.place.Object, strings.Join(w.done, ", ")))
	}
	for file := range p.sums {
		p.sums[file] = in.sum(file, meant)
	}
	return p, nil
}

// unsafe says that the text is of a form in which this package cannot write.
func (p Plan) unsafe() error {
	first := p.changes[0]
	var entries []coder.Entry
	for _, e := range first.entries {
		if e != nil {
			entries = append(entries, *e)
		}
	}
	return fmt.Errorf("%s:%d: the env of coderd's container is written in a way that cannot be changed safely: add these entries to it yourself:\n%s",
		first.file, first.line, coder.YAML(entries))
}

// wiring changes the env of one workload.
type wiring struct {
	in      *Input
	place   kube.Place
	replica deployment.Replica
	force   bool
	// list is nil as long as nothing is changed.
	list *list
	done []string
}

// open makes the list ready for changes.
func (w *wiring) open() error {
	if w.list != nil {
		return nil
	}
	p, err := w.in.locate(w.place)
	if err != nil {
		return err
	}
	w.list = newList(w.in.text(w.place.Object.File), p)
	return nil
}

// noted says what is done with an entry.
func (w *wiring) noted(what string, e coder.Entry) {
	value := e.Value
	if e.FieldPath != "" {
		value = e.FieldPath
	}
	w.done = append(w.done, fmt.Sprintf("%s %s=%s", what, e.Name, value))
}

func (w *wiring) complete() error {
	for _, name := range []string{coder.RelayURL, coder.ClusterHost} {
		if err := w.define(name); err != nil {
			return err
		}
	}
	if w.unset(coder.RelayURL) && w.relayUsed() {
		if err := w.setRelayURL(); err != nil {
			return err
		}
	}
	if w.unset(coder.ClusterHost) {
		return w.set(coder.ClusterHostWiring()[0], "")
	}
	return nil
}

// unset says whether nothing in the input gives a variable a value.
func (w *wiring) unset(name string) bool {
	value := w.replica.Variables[name]
	return value.Unset()
}

// relayUsed says whether coderd does something with a relay URL: up to 2.35 also
// without its own relay (see cluster-host-custom-relays).
func (w *wiring) relayUsed() bool {
	return w.replica.EmbeddedRelay() || !w.in.Deployment.Version.AtLeast(2, 36)
}

// define puts the pod's address in front of a variable that is made of it and
// stands before it, or without it.
func (w *wiring) define(name string) error {
	for _, ref := range w.replica.Variables[name].Unexpanded {
		// By its name it is meant to be the pod's address.
		if !strings.Contains(ref.Name, "POD_IP") {
			continue
		}
		env := w.place.Container.Env
		from := slices.IndexFunc(env, func(e envVar) bool { return e.Name == ref.Name })
		if from >= 0 && !isPodIP(env[from]) {
			continue
		}
		if err := w.open(); err != nil {
			return err
		}
		entry := coder.Entry{Name: ref.Name, FieldPath: deployment.FieldPodIP}
		to, at := w.list.index(name), w.list.index(ref.Name)
		switch {
		case at >= 0 && (to < 0 || at < to):
		case at >= 0:
			w.list.move(at, to)
			w.done = append(w.done, fmt.Sprintf("moved %s before %s", ref.Name, name))
		case to >= 0:
			w.list.before(to, entry)
			w.noted("added", entry)
		default:
			w.list.add(entry)
			w.noted("added", entry)
		}
	}
	return nil
}

// setRelayURL gives each replica its own relay URL.
func (w *wiring) setRelayURL() error {
	entry, err := w.relayEntry()
	if err != nil {
		return err
	}
	podIP := w.podIP()
	if at := slices.IndexFunc(w.place.Container.Env, func(e envVar) bool { return e.Name == podIP }); at >= 0 && !isPodIP(w.place.Container.Env[at]) {
		if !w.force {
			return fmt.Errorf("%s: %s is not the pod's own address: take it from status.podIP, or use --force", w.place.Object, podIP)
		}
		if err := w.set(coder.Entry{Name: podIP, FieldPath: deployment.FieldPodIP}, ""); err != nil {
			return err
		}
	}
	return w.set(entry, podIP)
}

// set writes an entry in the place of one of its name, or behind all others, and
// the variable for the pod's address that it is made of in front of it.
func (w *wiring) set(entry coder.Entry, podIP string) error {
	if err := w.open(); err != nil {
		return err
	}
	at := w.list.index(entry.Name)
	if at >= 0 && !w.list.rewrite(at, entry) {
		return w.in.refuse(w.place.Object, w.list.slots[at].item, "its entry "+entry.Name+" is of no usual form")
	}
	var added []coder.Entry
	if address := (coder.Entry{Name: podIP, FieldPath: deployment.FieldPodIP}); podIP != "" {
		switch defined := w.list.index(podIP); {
		case defined < 0 && at >= 0:
			w.list.before(at, address)
			w.noted("added", address)
		case defined < 0:
			added = append(added, address)
		case at >= 0 && defined > at:
			w.list.move(defined, at)
			w.done = append(w.done, fmt.Sprintf("moved %s before %s", podIP, entry.Name))
		}
	}
	if at >= 0 {
		w.noted("set", entry)
		return nil
	}
	added = append(added, entry)
	for _, e := range added {
		w.noted("added", e)
	}
	w.list.add(added...)
	return nil
}
