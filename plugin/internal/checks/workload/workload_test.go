package workload

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// least is a budget with minAvailable.
func least(value intstr.IntOrString) func(*checktest.World) {
	return func(w *checktest.World) { w.Budget.Spec.MaxUnavailable, w.Budget.Spec.MinAvailable = nil, &value }
}

// most is a budget with maxUnavailable.
func most(value intstr.IntOrString) func(*checktest.World) {
	return func(w *checktest.World) { w.Budget.Spec.MaxUnavailable = &value }
}

// noBudget leaves the budget out.
func noBudget(w *checktest.World) { w.Budget.Name = "" }

// secondBudget is one more, in a namespace and with a selector.
func secondBudget(namespace, selector string) func(*checktest.World) {
	return checktest.With(`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: second, namespace: ` + namespace + `},
  spec: {maxUnavailable: 1, selector: ` + selector + `}}`)
}

func budgetCases(_ *testing.T, c *checktest.Cases) {
	const web = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: coder},
  spec: {replicas: 2, template: {metadata: {labels: {app.kubernetes.io/name: coder, app.kubernetes.io/instance: coder, app: web}}, spec: {containers: [{name: web, image: web}]}}}}`
	c.About("disruption-budget",
		checktest.Passes("one at a time", nil),
		checktest.Passes("two must stay", least(intstr.FromInt32(2))),
		checktest.Warns("all must stay", "never allows an eviction of the 3 replicas", least(intstr.FromInt32(3))),
		checktest.Warns("more must stay than there are", "never allows", least(intstr.FromInt32(5))),
		checktest.Passes("two thirds must stay", least(intstr.FromString("66%"))),
		checktest.Warns("a percentage that is rounded up to all", "never allows", least(intstr.FromString("67%"))),
		checktest.Warns("none may go", "never allows", most(intstr.FromInt32(0))),
		checktest.Warns("no share of them may go", "never allows", most(intstr.FromString("0%"))),
		checktest.Passes("a small share is rounded up to one", most(intstr.FromString("1%"))),
		checktest.Warns("neither number", "never allows", func(w *checktest.World) { w.Budget.Spec.MaxUnavailable = nil }),
		checktest.Warns("one replica that must stay", "never allows an eviction of the 1 replicas", func(w *checktest.World) {
			w.Replicas(1)
			least(intstr.FromInt32(1))(w)
		}),
		checktest.Skips("as many of other pods are counted", "selects pods of other workloads too", func(w *checktest.World) {
			w.Extra = append(w.Extra, web)
			least(intstr.FromInt32(3))(w)
		}),
		checktest.Warns("none may go, of others either", "never allows", func(w *checktest.World) {
			w.Extra = append(w.Extra, web)
			most(intstr.FromInt32(0))(w)
		}),
		checktest.Advises("none", "no disruption budget in the input selects the 3 replicas", noBudget),
		checktest.Skips("none for one replica", "one replica", func(w *checktest.World) {
			noBudget(w)
			w.Replicas(1)
		}),
		checktest.Skips("a DaemonSet", "DaemonSet", func(w *checktest.World) { w.Workload.Kind = "DaemonSet" }),
		checktest.Warns("a second one", "2 disruption budgets select the same pods", secondBudget("coder", "{matchLabels: {app.kubernetes.io/name: coder}}")),
		checktest.Warns("a second one over every pod", "2 disruption budgets", secondBudget("coder", "{}")),
		checktest.Passes("one without a selector", secondBudget("coder", "null")),
		checktest.Passes("one in another namespace", secondBudget("other", "{}")),
		checktest.Passes("one of another workload", secondBudget("coder", "{matchLabels: {app.kubernetes.io/name: postgres}}")),
		checktest.Advises("one in another namespace alone", "no disruption budget", func(w *checktest.World) { w.Budget.Namespace = "other" }),
	)
}

// preferred is the pod with one preferred anti-affinity in the place of its spread.
func preferred(term corev1.PodAffinityTerm) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Pod().TopologySpreadConstraints = nil
		w.Pod().Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: term}},
		}}
	}
}

// instance is a rule about the pods of a release, as the upstream chart has it.
func instance(release string) corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{TopologyKey: "kubernetes.io/hostname", LabelSelector: &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app.kubernetes.io/instance", Operator: "In", Values: []string{release}}},
	}}
}

func spreadCases(_ *testing.T, c *checktest.Cases) {
	elsewhere := instance("coder")
	elsewhere.Namespaces = []string{"other"}
	anywhere := elsewhere
	anywhere.NamespaceSelector = &metav1.LabelSelector{}
	c.About("spread",
		checktest.Notes("over nodes", "replaces a replica of a StatefulSet only once the Node object is deleted", nil),
		checktest.Passes("a preferred anti-affinity", preferred(instance("coder"))),
		checktest.Warns("an anti-affinity of another release", "affinity.podAntiAffinity selects app.kubernetes.io/instance=prod", preferred(instance("prod"))),
		checktest.Warns("an anti-affinity in another namespace", "in namespace other", preferred(elsewhere)),
		checktest.Passes("an anti-affinity in namespaces that labels choose", preferred(anywhere)),
		checktest.Warns("an anti-affinity without a selector", "no labelSelector", preferred(corev1.PodAffinityTerm{TopologyKey: "kubernetes.io/hostname"})),
		checktest.Warns("a spread of other pods", "topologySpreadConstraints selects app=web", func(w *checktest.World) {
			w.Pod().TopologySpreadConstraints[0].LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
		}),
		checktest.Passes("one right rule beside a wrong one", func(w *checktest.World) {
			rules := &w.Pod().TopologySpreadConstraints
			*rules = append([]corev1.TopologySpreadConstraint{{TopologyKey: "topology.kubernetes.io/zone"}}, *rules...)
		}),
		checktest.Advises("nothing", "nothing in the pods asks for different nodes", func(w *checktest.World) { w.Pod().TopologySpreadConstraints = nil }),
		checktest.Passes("ports of the node", func(w *checktest.World) {
			w.Pod().TopologySpreadConstraints = nil
			w.Container().Ports[0].HostPort = 8080
		}),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) {
			w.Pod().TopologySpreadConstraints = nil
			w.Replicas(1)
		}),
		checktest.Skips("a DaemonSet", "DaemonSet", func(w *checktest.World) { w.Workload.Kind = "DaemonSet" }),
	)
}

// stray gives the deployment values with these keys.
func stray(keys ...deployment.StrayKey) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Then = append(w.Then, func(c *check.Case) { c.Deployment.Values = &deployment.ChartValues{Stray: keys} })
	}
}

func valuesCases(_ *testing.T, c *checktest.Cases) {
	c.About("values-misplaced",
		checktest.Skips("no chart", "no chart is rendered", nil),
		checktest.Passes("all keys are the chart's", stray()),
		checktest.Warns("in the wrong place", "the chart does not read replicaCount; it has coder.replicaCount",
			stray(deployment.StrayKey{Path: "replicaCount", Meant: []string{"coder.replicaCount"}})),
		checktest.Warns("in one of two places", "it has coder.ingress.host or coder.httproute.host",
			stray(deployment.StrayKey{Path: "coder.host", Meant: []string{"coder.ingress.host", "coder.httproute.host"}})),
	)
}
