package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
)

// chain holds the rules that send packets to the queue.
const chain = "NETWORK-POLICIES"

// redirect keeps the rules that send packets to the queue: the first ones of
// connections that the node forwards from or to a pod of its own that a policy
// selects. No other packet is touched. The node's own connections, as the
// kubelet's probes, are not forwarded, and Kubernetes has them allowed.
type redirect struct {
	node, restore string
	pods          corelisters.PodLister
	policies      networkinglisters.NetworkPolicyLister
	// changed holds at most one token: something is to be looked at again.
	changed chan struct{}
	// selected are the addresses in the rules.
	selected []string
}

func newRedirect(node string, ipv6 bool, pods corelisters.PodLister, policies networkinglisters.NetworkPolicyLister) *redirect {
	r := &redirect{node: node, restore: "iptables-restore", pods: pods, policies: policies, changed: make(chan struct{}, 1)}
	if ipv6 {
		r.restore = "ip6tables-restore"
	}
	return r
}

func (r *redirect) watch(informer cache.SharedIndexInformer) error {
	mark := func() {
		select {
		case r.changed <- struct{}{}:
		default:
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { mark() }, UpdateFunc: func(any, any) { mark() }, DeleteFunc: func(any) { mark() },
	})
	return err
}

// install makes the chain, empty, and sends new forwarded connections through
// it: after a Service's address became a pod's, before a source is masked.
func (r *redirect) install(ctx context.Context) error {
	return r.apply(ctx, nil, "-A FORWARD -m conntrack --ctstate NEW -j "+chain)
}

// run keeps the rules up to date until the context ends.
func (r *redirect) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.changed:
		}
		addresses, err := r.addresses()
		if err != nil {
			return err
		}
		if slices.Equal(addresses, r.selected) {
			continue
		}
		if err := r.apply(ctx, addresses); err != nil {
			return err
		}
		r.selected = addresses
	}
}

// addresses are those of the node's pods that a policy selects, in order.
func (r *redirect) addresses() ([]string, error) {
	policies, err := r.policies.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("listing the policies: %w", err)
	}
	var addresses []string
	for _, policy := range policies {
		selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
		if err != nil {
			return nil, fmt.Errorf("reading NetworkPolicy %s/%s: %w", policy.Namespace, policy.Name, err)
		}
		pods, err := r.pods.Pods(policy.Namespace).List(selector)
		if err != nil {
			return nil, fmt.Errorf("listing the pods of %s: %w", policy.Namespace, err)
		}
		for _, pod := range pods {
			if pod.Spec.NodeName != r.node || pod.Spec.HostNetwork || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
				continue
			}
			for _, ip := range pod.Status.PodIPs {
				addresses = append(addresses, ip.IP)
			}
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses), nil
}

// apply replaces the chain's rules in one step, and adds rules beside it.
func (r *redirect) apply(ctx context.Context, addresses []string, beside ...string) error {
	// Before the filter table of the forward hook, so that no other rule of
	// the node accepts a packet that a policy forbids.
	var text strings.Builder
	fmt.Fprintf(&text, "*mangle\n:%s - [0:0]\n", chain)
	for _, address := range addresses {
		for _, end := range []string{"-s", "-d"} {
			fmt.Fprintf(&text, "-A %s %s %s -j NFQUEUE --queue-num %d\n", chain, end, address, queue)
		}
	}
	for _, rule := range beside {
		fmt.Fprintln(&text, rule)
	}
	fmt.Fprintln(&text, "COMMIT")
	cmd := exec.CommandContext(ctx, r.restore, "--noflush")
	cmd.Stdin = strings.NewReader(text.String())
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", r.restore, err, strings.TrimSpace(string(output)))
	}
	fmt.Printf("new connections of these addresses are judged: %q\n", addresses)
	return nil
}
