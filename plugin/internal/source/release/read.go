// Package release reads a deployment that runs from the objects of its cluster, as
// far as the user may read them. It writes nothing.
package release

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// Request names a deployment of a cluster.
type Request struct {
	Config    *rest.Config
	Namespace string
	// Name is that of the release or of the workload; empty to find the one of the
	// namespace.
	Name string
	// Say takes a sentence that a user should know at once.
	Say func(string)
}

// Live is what the cluster has.
type Live struct {
	Objects []manifest.Object
	Release facts.Release
	// Absent is that of kube.Options.
	Absent map[string]string
	// Gaps are the lists that could not be read.
	Gaps map[facts.Kind]facts.Gap
}

// reader reads one namespace.
type reader struct {
	Request
	client dynamic.Interface
}

func newReader(req Request) (*reader, error) {
	client, err := dynamic.NewForConfig(req.Config)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig cannot be used: %w", err)
	}
	return &reader{Request: req, client: client}, nil
}

// Read reads the workloads of the namespace that the name is about, and what stands
// around them. The options are those that find coderd among them.
func Read(ctx context.Context, req Request, opts kube.Options) (*Live, error) {
	r, err := newReader(req)
	if err != nil {
		return nil, err
	}
	// A credential plugin takes no notice of a context.
	silent := fmt.Errorf("the cluster at %s does not answer within %s", req.Config.Host, limits.Login)
	waiting, cancel := context.WithTimeoutCause(ctx, time.Duration(limits.Login.Most), silent)
	defer cancel()
	live, err := limits.Await(waiting, req.Config.Host, func() (*Live, error) { return r.read(ctx, opts) })
	if errors.Is(err, silent) {
		return nil, silent
	}
	return live, err
}

func (r *reader) read(ctx context.Context, opts kube.Options) (*Live, error) {
	workloads, err := r.workloads(ctx)
	if err != nil {
		return nil, err
	}
	objects, err := decoded(workloads)
	if err != nil {
		return nil, err
	}
	_, places, err := kube.Find(objects, opts)
	if err != nil {
		return nil, fmt.Errorf("%w, in namespace %s of the cluster at %s", err, r.Namespace, r.Config.Host)
	}
	live := &Live{Release: releaseOf(workloads, places[0].Object), Absent: map[string]string{}, Gaps: map[facts.Kind]facts.Gap{}}
	around, err := r.around(ctx, live, places)
	if err != nil {
		return nil, err
	}
	all, err := decoded(around)
	live.Objects = slices.Concat(objects, all)
	return live, err
}

// missingError says that nothing of the namespace is what the user names.
type missingError struct{ name, namespace, host string }

func (e *missingError) Error() string {
	return fmt.Sprintf("namespace %s of the cluster at %s has no release and no workload %s: check the name, --namespace and --kube-context", e.namespace, e.host, e.name)
}

// workloads are those that may run coderd.
func (r *reader) workloads(ctx context.Context) ([]unstructured.Unstructured, error) {
	var all []unstructured.Unstructured
	var lacking []string
	for _, resource := range workloadResources {
		items, err := r.list(ctx, resource)
		switch {
		case apierrors.IsForbidden(err):
			lacking = append(lacking, r.right("list", resource))
		case err != nil:
			return nil, r.unreachable(err)
		}
		all = append(all, items...)
	}
	if len(lacking) == len(workloadResources) {
		return nil, fmt.Errorf("this user may not look for the deployment: it lacks %s", strings.Join(lacking, ", "))
	}
	for _, right := range lacking {
		r.Say("this user lacks " + right + ": a deployment there is not found")
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("namespace %s of the cluster at %s has no StatefulSet and no Deployment: check --namespace and --kube-context", r.Namespace, r.Config.Host)
	}
	if r.Name == "" {
		return all, nil
	}
	named := slices.DeleteFunc(slices.Clone(all), func(o unstructured.Unstructured) bool { return !isCalled(o, r.Name) })
	if len(named) == 0 {
		return nil, &missingError{r.Name, r.Namespace, r.Config.Host}
	}
	return named, nil
}

// Where Helm and those who render its charts put the name of the release.
const (
	releaseAnnotation = "meta.helm.sh/release-name"
	instanceLabel     = "app.kubernetes.io/instance"
	chartLabel        = "helm.sh/chart"
)

// isCalled says whether a workload is of a release, or has the name itself.
func isCalled(o unstructured.Unstructured, name string) bool {
	return o.GetName() == name || o.GetAnnotations()[releaseAnnotation] == name || o.GetLabels()[instanceLabel] == name
}

// releaseOf is the release of a workload.
func releaseOf(workloads []unstructured.Unstructured, found manifest.Object) facts.Release {
	for _, o := range workloads {
		if o.GetKind() == found.Kind && o.GetName() == found.Name {
			return facts.Release{
				Name: o.GetAnnotations()[releaseAnnotation], Namespace: o.GetNamespace(), Chart: o.GetLabels()[chartLabel],
			}
		}
	}
	return facts.Release{Namespace: found.Namespace}
}

// around reads what stands around the workloads, side by side.
func (r *reader) around(ctx context.Context, live *Live, places []kube.Place) ([]unstructured.Unstructured, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var all []unstructured.Unstructured
	var failed error
	each := func(do func() ([]unstructured.Unstructured, error), lacks func(error)) {
		wg.Go(func() {
			items, err := do()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case apierrors.IsNotFound(err) || apierrors.IsForbidden(err):
				lacks(err)
			case err != nil:
				failed = errors.Join(failed, r.unreachable(err))
			}
			all = append(all, items...)
		})
	}
	for _, a := range aroundThem {
		each(func() ([]unstructured.Unstructured, error) { return r.list(ctx, a.resource) }, func(err error) {
			// A cluster may not have the kind at all.
			if apierrors.IsForbidden(err) && a.kind != "" {
				live.Gaps[a.kind] = r.lacks("list", a.resource)
			}
		})
	}
	each(func() ([]unstructured.Unstructured, error) { return r.get(ctx, namespaces, r.Namespace) }, func(err error) {
		if apierrors.IsForbidden(err) {
			r.Say("this user lacks " + r.right("get", namespaces) + ": the labels of the namespace, by which a service mesh takes pods in, are not known")
		}
	})
	for _, ref := range references(places) {
		what := ref.kind + " " + r.Namespace + "/" + ref.name
		each(func() ([]unstructured.Unstructured, error) { return r.get(ctx, ref.resource(), ref.name) }, func(err error) {
			if apierrors.IsForbidden(err) {
				live.Absent[what] = "grant this user " + r.right("get", ref.resource())
				return
			}
			live.Absent[what] = "the cluster has no such key: add it"
			all = append(all, empty(ref, r.Namespace))
		})
	}
	if name := live.Release.Name; name != "" {
		each(func() ([]unstructured.Unstructured, error) { return nil, r.revision(ctx, &live.Release) }, func(error) {})
	}
	wg.Wait()
	return all, failed
}

// answerTimeout bounds each request to the cluster.
const answerTimeout = 10 * time.Second

func (r *reader) list(ctx context.Context, resource schema.GroupVersionResource) ([]unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	found, err := r.client.Resource(resource).Namespace(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return found.Items, nil
}

func (r *reader) get(ctx context.Context, resource schema.GroupVersionResource, name string) ([]unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	client := dynamic.ResourceInterface(r.client.Resource(resource))
	if resource != namespaces {
		client = r.client.Resource(resource).Namespace(r.Namespace)
	}
	found, err := client.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return []unstructured.Unstructured{*found}, nil
}

// empty is an object that a pod names and that the cluster does not have: it sets no
// variable.
func empty(ref reference, namespace string) unstructured.Unstructured {
	var o unstructured.Unstructured
	o.SetAPIVersion("v1")
	o.SetKind(ref.kind)
	o.SetNamespace(namespace)
	o.SetName(ref.name)
	return o
}

// right names what a role must hold.
func (r *reader) right(verb string, resource schema.GroupVersionResource) string {
	return deployment.Lookup{Verb: verb, Resource: resource.GroupResource().String(), Namespace: r.Namespace}.Right()
}

func (r *reader) lacks(verb string, resource schema.GroupVersionResource) facts.Gap {
	right := r.right(verb, resource)
	return facts.Gap{Reason: "this user lacks " + right, Proof: "grant this user " + right}
}

// unreachable says of a request without an answer where it went.
func (r *reader) unreachable(err error) error {
	return fmt.Errorf("the cluster at %s does not answer: %w", r.Config.Host, err)
}

// decoded are the objects as if they stood in manifests without a file.
func decoded(objects []unstructured.Unstructured) ([]manifest.Object, error) {
	var out []manifest.Object
	for _, o := range objects {
		o.SetManagedFields(nil)
		annotations := maps.Clone(o.GetAnnotations())
		delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
		o.SetAnnotations(annotations)
		text, err := json.Marshal(o.Object)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
		read, err := manifest.Decode(bytes.NewReader(text), "the cluster")
		if err != nil {
			return nil, err
		}
		for _, object := range read {
			object.File, object.Rendered = "", true
			out = append(out, object)
		}
	}
	return out, nil
}
