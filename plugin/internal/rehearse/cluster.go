package rehearse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	batchclient "k8s.io/client-go/kubernetes/typed/batch/v1"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	networkingclient "k8s.io/client-go/kubernetes/typed/networking/v1"
	policyclient "k8s.io/client-go/kubernetes/typed/policy/v1"
	"k8s.io/client-go/rest"
)

// cluster is the API server, and what is asked of it.
type cluster struct {
	config *rest.Config
	core   *coreclient.CoreV1Client
	batch  *batchclient.BatchV1Client
	policy *policyclient.PolicyV1Client
	// networking is that of NetworkPolicies.
	networking *networkingclient.NetworkingV1Client
}

// requestTime bounds one request.
const requestTime = 10 * time.Second

// errLate says that a request had no answer in its time.
var errLate = errors.New("the API server did not answer in time")

// perSecond is how many requests the client makes at most: a pod needs a handful.
const perSecond = 100

func connect(config *rest.Config) (*cluster, error) {
	config.QPS, config.Burst = perSecond, perSecond
	core, err := coreclient.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	batch, err := batchclient.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	policy, err := policyclient.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	networking, err := networkingclient.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &cluster{config, core, batch, policy, networking}, nil
}

// create makes a Job.
func (c *cluster) create(ctx context.Context, job *batchv1.Job) (*batchv1.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	return c.batch.Jobs(job.Namespace).Create(ctx, job, metav1.CreateOptions{})
}

// remove removes a Job with its pods, also if the API server is away for a moment.
func (c *cluster) remove(ctx context.Context, job *batchv1.Job) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	options := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
	if job.UID != "" {
		options.Preconditions = &metav1.Preconditions{UID: &job.UID}
	}
	var before error
	for {
		err := c.batch.Jobs(job.Namespace).Delete(ctx, job.Name, options)
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err == nil || apierrors.IsForbidden(err) || apierrors.IsConflict(err):
			return err
		}
		if ctx.Err() != nil {
			// What failed before the time was over says more.
			return cmp.Or(before, errLate)
		}
		before = err
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return before
		}
	}
}

// pods are those of the namespace with the labels.
func (c *cluster) pods(ctx context.Context, namespace, labels string) ([]corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	found, err := c.core.Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: labels})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, errLate
	case err != nil:
		return nil, err
	}
	return found.Items, nil
}

// said is the last event of a kind about an object; empty where there is none. An
// error says why events may not be read.
func (c *cluster) said(ctx context.Context, namespace, kind, name, reason string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	found, err := c.core.Events(namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fmt.Sprintf("involvedObject.kind=%s,involvedObject.name=%s,reason=%s", kind, name, reason),
	})
	if err != nil {
		return "", because(err, "list", "events", namespace, "what the events say")
	}
	if len(found.Items) == 0 {
		return "", nil
	}
	return found.Items[len(found.Items)-1].Message, nil
}

// services and budgets are those of a namespace.
func (c *cluster) services(ctx context.Context, namespace string) ([]corev1.Service, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	found, err := c.core.Services(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return found.Items, nil
}

func (c *cluster) budgets(ctx context.Context, namespace string) ([]policyv1.PodDisruptionBudget, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	found, err := c.policy.PodDisruptionBudgets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return found.Items, nil
}

// networkPolicies are those of the namespaces; why says that they are not known.
func (c *cluster) networkPolicies(ctx context.Context, namespaces []string) (found []networkingv1.NetworkPolicy, why string) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	for _, namespace := range namespaces {
		list, err := c.networking.NetworkPolicies(namespace).List(ctx, metav1.ListOptions{})
		if right := lacks(err, "list", "networkpolicies.networking.k8s.io", namespace); right != "" {
			return nil, right
		}
		if err != nil {
			return nil, "the NetworkPolicies of namespace " + namespace + " cannot be read: " + err.Error()
		}
		found = append(found, list.Items...)
	}
	return found, ""
}

// lacks says which right is missing; empty where an error is about something else.
func lacks(err error, verb, resource, namespace string) string {
	// Quotas and policies forbid too, in other words.
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "cannot "+verb+" resource") {
		return ""
	}
	if namespace == "" {
		return fmt.Sprintf("this user lacks the verb %s on %s", verb, resource)
	}
	return fmt.Sprintf("this user lacks the verb %s on %s in namespace %s", verb, resource, namespace)
}
