// Command networkpolicies enforces NetworkPolicy on one node of the tests'
// cluster: it queues the first packet of each connection from or to a pod that
// a policy selects, and kube-network-policies says whether it may go on. An
// independent project's reading of the policies is what the plugin's is
// compared with.
//
// kube-network-policies comes with packet filter rules of its own. They need
// nftables' "queue" statement, which is an option of the kernel that not every
// kernel has (CONFIG_NFT_QUEUE); iptables' NFQUEUE target, which this command
// uses in their place, is the older way to the same queue.
//
//	networkpolicies --kubeconfig FILE --node NAME --ready SOCKET [--ipv6]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// queue is the number of the netfilter queue, in the node's network namespace.
const queue = 100

// startTimeout bounds the wait for the API server and for the first packet
// filter rules; a cluster starts in a fraction of it.
const startTimeout = time.Minute

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	node := flag.String("node", "", "name of the node whose pods are looked after")
	ready := flag.String("ready", "", "Unix socket that is listened on once policies are enforced")
	ipv6 := flag.Bool("ipv6", false, "the pods have IPv6 addresses, not IPv4 ones")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kubeconfig, *node, *ready, *ipv6); err != nil {
		fmt.Fprintln(os.Stderr, "networkpolicies:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, node, ready string, ipv6 bool) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	// In JSON an empty list of rules arrives as one, in protobuf as none, and
	// only of none does the evaluation say that it denies all.
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if err := waitFor(ctx, "the API server", func(ctx context.Context) error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}); err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods, policies := factory.Core().V1().Pods(), factory.Networking().V1().NetworkPolicies()
	// The controller only evaluates: it is told a node without pods, so that
	// the rules of its own select none, on kernels that take them.
	evaluation, err := networkpolicy.NewController(client, policies, factory.Core().V1().Namespaces(), pods,
		nil, nil, nil, nil, networkpolicy.Config{QueueID: queue, NodeName: "none"})
	if err != nil {
		return fmt.Errorf("making the evaluation: %w", err)
	}
	filter := newRedirect(node, ipv6, pods.Lister(), policies.Lister())
	if err := errors.Join(filter.watch(pods.Informer()), filter.watch(policies.Informer())); err != nil {
		return fmt.Errorf("watching pods and policies: %w", err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	ended := make(chan error, 2)
	go func() { ended <- evaluation.Run(ctx) }()
	if err := waitFor(ctx, "the queue", queueBound); err != nil {
		return err
	}
	if err := filter.install(ctx); err != nil {
		return err
	}
	go func() { ended <- filter.run(ctx) }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", ready)
	if err != nil {
		return fmt.Errorf("saying that policies are enforced: %w", err)
	}
	defer listener.Close()
	if err := <-ended; ctx.Err() == nil {
		return fmt.Errorf("enforcement ended: %w", err)
	}
	return nil
}

func waitFor(ctx context.Context, what string, try func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
		last = try(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w (%w)", what, last, err)
	}
	return nil
}

// queueBound is an error until a process receives the queue's packets.
func queueBound(context.Context) error {
	const file = "/proc/net/netfilter/nfnetlink_queue"
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("listing the queues: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == fmt.Sprint(queue) {
			return nil
		}
	}
	return fmt.Errorf("%s does not list queue %d", file, queue)
}
