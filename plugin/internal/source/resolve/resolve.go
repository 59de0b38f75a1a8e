// Package resolve finds the Postgres URL that the replicas of a deployment
// will use: in the model itself, or in the Secret of the cluster that the model
// refers to.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kubeconfig"
)

// URL is a connection URL and where it was found.
type URL struct {
	Text string
	// Origin is for people: "key url of Secret coder/coder-db-url".
	Origin string
}

// Learn makes known what is secret in the URL, and what is shown anyway.
func (u URL) Learn(known *secrets.Known) {
	hidden, open := pgurl.Parts(u.Text)
	known.Open(open...)
	known.Add(hidden...)
}

// reveal makes what was read from the cluster known in the model, so that the
// URL itself is judged too.
func reveal(d *deployment.Deployment, key deployment.Key, text string) {
	for _, r := range d.Replicas {
		value := r.Env(coder.PostgresURL)
		if value.State == deployment.Unknown && value.Key != nil && *value.Key == key {
			r.Variables[coder.PostgresURL] = deployment.Value{
				State: deployment.Known, Text: deployment.Text(text), FromSecret: key.Kind == "Secret", Origin: value.Origin,
			}
		}
	}
}

// clusterTimeout bounds the request for the Secret: a kubeconfig may name a
// cluster that is gone.
const clusterTimeout = 5 * time.Second

const giveURL = "set CODER_PG_CONNECTION_URL in the environment of this command, or use a kubeconfig that reaches the cluster"

// askThere is the proof where the cluster is reached, but only a pod has the URL.
const askThere = "set CODER_PG_CONNECTION_URL in the environment of this command, or run it with --in-cluster"

// rightError says that the user may not read the key.
type rightError struct{ verb, resource, namespace string }

func (e *rightError) Error() string {
	return fmt.Sprintf("which this user may not read: it lacks the verb %s on %s in namespace %s", e.verb, e.resource, e.namespace)
}

// Find finds the URLs, each once. Where it cannot, the gap says why and what would
// help.
func Find(ctx context.Context, d *deployment.Deployment, getter genericclioptions.RESTClientGetter, known *secrets.Known) ([]URL, *facts.Gap) {
	first, gap := find(ctx, d, getter, known)
	if gap != nil {
		return nil, gap
	}
	urls := []URL{*first}
	for _, r := range d.Replicas {
		v := r.Env(coder.PostgresURL)
		text, literal := v.Text.Literal()
		seen := slices.ContainsFunc(urls, func(u URL) bool { return u.Text == text })
		if d.OnHost(r) && v.Set() && literal && !seen {
			urls = append(urls, URL{Text: text, Origin: origin(d, r, v)})
		}
	}
	return urls, nil
}

// find finds the URL of the first replica: those of Kubernetes are made alike.
func find(ctx context.Context, d *deployment.Deployment, getter genericclioptions.RESTClientGetter, known *secrets.Known) (*URL, *facts.Gap) {
	r := d.Replicas[0]
	value := r.Env(coder.PostgresURL)
	switch {
	case value.Set():
		text, literal := value.Text.Literal()
		if !literal {
			return nil, &facts.Gap{Reason: "the database URL depends on the pod", Proof: askThere}
		}
		if gap := ownHost(d, text); gap != nil {
			return nil, gap
		}
		return &URL{Text: text, Origin: origin(d, r, value)}, nil
	case value.Unset():
		return nil, &facts.Gap{Reason: "no database URL is set", Proof: giveURL}
	case value.Key == nil:
		return nil, &facts.Gap{Reason: "the database URL is not known: " + value.Why, Proof: giveURL}
	}
	text, err := read(ctx, getter, known, *value.Key)
	if err != nil {
		gap := facts.Gap{Reason: fmt.Sprintf("the database URL is in %s, %s", nameOf(*value.Key), err), Proof: giveURL}
		if _, lacks := errors.AsType[*rightError](err); lacks {
			gap.Proof = askThere
		}
		return nil, &gap
	}
	reveal(d, *value.Key, text)
	if gap := ownHost(d, text); gap != nil {
		return nil, gap
	}
	return &URL{Text: text, Origin: nameOf(*value.Key) + " in the cluster"}, nil
}

// ownHost is the gap where a URL of pods leads to their own host: that is not this
// machine, whatever listens here.
func ownHost(d *deployment.Deployment, text string) *facts.Gap {
	u, err := pgurl.Parse(text)
	if err != nil || !u.Local() || d.Workloads[0].Pod == nil {
		return nil
	}
	return &facts.Gap{Reason: "the database host " + u.Host().String() + " is the pod's own, which only the pod reaches", Proof: askThere}
}

func origin(d *deployment.Deployment, r deployment.Replica, v deployment.Value) string {
	if v.Origin.File != "" {
		return coder.PostgresURL + " in " + v.Origin.File
	}
	w := d.Workloads[r.Workload]
	return fmt.Sprintf("%s of %s %s/%s", coder.PostgresURL, w.Kind, w.Namespace, w.Name)
}

func nameOf(key deployment.Key) string {
	return fmt.Sprintf("key %s of %s %s/%s", key.Key, key.Kind, key.Namespace, key.Name)
}

// read reads a key of a Secret or ConfigMap from the cluster. An error is a
// clause that continues "the URL is in Secret x, ".
func read(ctx context.Context, getter genericclioptions.RESTClientGetter, known *secrets.Known, key deployment.Key) (string, error) {
	config, err := kubeconfig.Config(getter, known)
	if err != nil {
		return "", fmt.Errorf("and %w", err)
	}
	// A credential plugin takes no notice of a context.
	silent := fmt.Errorf("and the cluster at %s does not answer within %s", config.Host, limits.Login)
	waiting, cancel := context.WithTimeoutCause(ctx, time.Duration(limits.Login.Most), silent)
	defer cancel()
	text, err := limits.Await(waiting, config.Host, func() (string, error) { return ask(ctx, config, key) })
	if errors.Is(err, silent) {
		return "", silent
	}
	return text, err
}

func ask(ctx context.Context, config *rest.Config, key deployment.Key) (string, error) {
	config.Timeout = clusterTimeout
	client, err := corev1.NewForConfig(config)
	if err != nil {
		return "", fmt.Errorf("and the kubeconfig cannot be used: %w", err)
	}
	var data map[string]string
	if key.Kind == "ConfigMap" {
		found, getErr := client.ConfigMaps(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
		data, err = found.Data, getErr
	} else {
		found, getErr := client.Secrets(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
		data, err = texts(found.Data), getErr
	}
	text, ok := data[key.Key]
	switch {
	case apierrors.IsNotFound(err):
		return "", fmt.Errorf("which the cluster at %s does not have", config.Host)
	case apierrors.IsForbidden(err):
		return "", &rightError{"get", lower(key.Kind) + "s", key.Namespace}
	case err != nil:
		return "", fmt.Errorf("and the cluster at %s does not answer: %w", config.Host, err)
	case !ok || text == "":
		return "", fmt.Errorf("which has no such key in the cluster")
	}
	return text, nil
}

func texts(data map[string][]byte) map[string]string {
	out := make(map[string]string, len(data))
	for key, value := range data {
		out[key] = string(value)
	}
	return out
}

func lower(kind string) string {
	if kind == "ConfigMap" {
		return "configmap"
	}
	return "secret"
}
