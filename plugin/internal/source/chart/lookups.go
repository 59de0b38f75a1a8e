package chart

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// lookups stands between Helm's template function lookup and the cluster. It
// asks each thing once, remembers what was asked for and what was not answered,
// and can answer again otherwise, without the cluster.
type lookups struct {
	ctx  context.Context
	base http.RoundTripper

	mu      sync.Mutex
	replay  replay
	answers map[string]*answer
	order   []*answer
	denied  []deployment.Lookup
	// failure is why the cluster did not answer a request.
	failure error
	// words are what a template may ask an object for.
	words []string
}

// replay says how to answer what was asked before.
type replay int

const (
	// faithful is as the cluster answered.
	faithful replay = iota
	// masked is with other contents in each Secret.
	masked
	// supposed is as if what may not be read was there.
	supposed
)

// answer is what the cluster said.
type answer struct {
	lookup *deployment.Lookup
	code   int
	header http.Header
	body   []byte
}

func newLookups(ctx context.Context) *lookups {
	return &lookups{ctx: ctx, answers: map[string]*answer{}}
}

// leaveOpen remembers what may not be asked for.
func (l *lookups) leaveOpen(lookup deployment.Lookup) { l.denied = append(l.denied, lookup) }

// RoundTrip answers a request of the Kubernetes client. Helm's lookup takes no
// context, so that of the run is put in: its end ends the request.
func (l *lookups) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := req.Method + " " + req.URL.String() + " " + req.Header.Get("Accept")
	known, ok := l.answers[key]
	if !ok {
		lookup, isObject := lookupOf(req.URL.Path, req.URL.Query())
		known = &answer{}
		if isObject {
			known.lookup = &lookup
		}
		if l.replay == faithful || !isObject {
			if err := l.ask(req, known); err != nil {
				l.failure = err
				return nil, err
			}
		} else {
			known.code, known.body = http.StatusNotFound, notFound
		}
		if l.replay == faithful && known.code != http.StatusUnauthorized {
			l.answers[key] = known
			l.order = append(l.order, known)
		}
	}
	return l.respond(req, known), nil
}

// WrappedRoundTripper lets the Kubernetes client cancel a request below.
func (l *lookups) WrappedRoundTripper() http.RoundTripper { return l.base }

// ask sends a request to the cluster, bounded by the run's context too.
func (l *lookups) ask(req *http.Request, into *answer) error {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	defer context.AfterFunc(l.ctx, func() { cancel(context.Cause(l.ctx)) })()
	res, err := l.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	into.code, into.header = res.StatusCode, res.Header
	into.body, err = io.ReadAll(res.Body)
	return err
}

// respond is the answer as this replay gives it. An object that may not be read
// is not there, which is what a template sees without a cluster.
func (l *lookups) respond(req *http.Request, a *answer) *http.Response {
	code, body := a.code, a.body
	switch {
	case a.refused() && l.replay == supposed:
		code, body = http.StatusOK, suppose(*a.lookup, l.words)
	case a.refused():
		code, body = http.StatusNotFound, notFound
	case a.secret() && l.replay == masked:
		body = mask(body)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if a.header != nil {
		header = a.header.Clone()
		header.Del("Content-Length")
	}
	return &http.Response{
		Status: http.StatusText(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// refused says that the user may not read the object.
func (a *answer) refused() bool { return a.lookup != nil && a.code == http.StatusForbidden }

// secret says that the answer holds Secrets.
func (a *answer) secret() bool {
	return a.lookup != nil && a.lookup.Resource == "secrets" && a.code == http.StatusOK
}

// asked is what was asked for so far.
func (l *lookups) asked() deployment.Lookups {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := deployment.Lookups{Open: append([]deployment.Lookup(nil), l.denied...)}
	for _, a := range l.order {
		switch {
		case a.lookup == nil:
		case a.refused():
			out.Open = append(out.Open, *a.lookup)
		default:
			out.Answered = append(out.Answered, *a.lookup)
		}
	}
	return out
}

// secrets says whether a template read a Secret.
func (l *lookups) secrets() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.order {
		if a.secret() {
			return true
		}
	}
	return false
}

// again runs the work with answers of another kind.
func (l *lookups) again(kind replay, work func()) {
	l.set(kind)
	defer l.set(faithful)
	work()
}

func (l *lookups) set(kind replay) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replay = kind
}

// lookupOf reads what a request asks for; ok is false where it is no object:
// /api/v1/namespaces/NS/RESOURCE/NAME, /apis/GROUP/VERSION/RESOURCE.
func lookupOf(path string, query map[string][]string) (lookup deployment.Lookup, ok bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	group := ""
	switch {
	case len(parts) > 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		group, parts = parts[1], parts[3:]
	default:
		return lookup, false
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		lookup.Namespace, parts = parts[1], parts[2:]
	}
	lookup.Verb, lookup.Resource = "list", parts[0]
	if group != "" {
		lookup.Resource += "." + group
	}
	if len(parts) > 1 {
		lookup.Verb, lookup.Name = "get", parts[1]
	}
	return lookup, len(query["watch"]) == 0
}
