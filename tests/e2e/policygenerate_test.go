package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// How many cases of NetworkPolicies are generated, and of which seed. The words in
// capitals are those of testdata/policy-cases.yaml.
const (
	generatedPolicies = 24
	policySeed        = 1
)

// outside are the ways to what is no replica.
var outside = []string{"dns", "postgres", "access"}

// policyPeer is the other end in a generated rule. What it means for the vague ways
// the plugin cannot know, and then says nothing.
type policyPeer struct {
	spec  string
	vague []string
}

var policyPeers = []policyPeer{
	{"{podSelector: SELF}", nil},
	{"{podSelector: {}}", nil},
	{"{podSelector: {matchLabels: {app: nginx}}}", nil},
	{"{podSelector: {matchExpressions: [{key: app.kubernetes.io/instance, operator: In, values: [CASE, other]}]}}", nil},
	{"{podSelector: {matchExpressions: [{key: app.kubernetes.io/instance, operator: NotIn, values: [CASE]}]}}", nil},
	{"{podSelector: {matchExpressions: [{key: app.kubernetes.io/name, operator: Exists}]}}", nil},
	{"{podSelector: {matchExpressions: [{key: app.kubernetes.io/name, operator: DoesNotExist}]}}", nil},
	{"{namespaceSelector: {}}", []string{"dns"}},
	{"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: RELEASE}}, podSelector: SELF}", []string{"dns"}},
	{"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: SIDE}}}", []string{"dns"}},
	{"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: SIDE}}, podSelector: {matchLabels: {app: postgres}}}", outside},
	{"{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [RELEASE]}]}}", []string{"dns"}},
	{"{namespaceSelector: {matchLabels: {pod-security.kubernetes.io/enforce: restricted}}, podSelector: SELF}", outside},
	{"{namespaceSelector: {matchLabels: {pod-security.kubernetes.io/enforce: baseline}}}", outside},
	{"{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}, podSelector: {}}", []string{"dns"}},
	{"{ipBlock: {cidr: 0.0.0.0/0}}", outside},
	{"{ipBlock: {cidr: BLOCK}}", outside},
	{"{ipBlock: {cidr: BLOCK, except: [198.51.100.0/24]}}", outside},
	{"{ipBlock: {cidr: 203.0.113.0/24}}", outside},
}

// ownPeers match no pod but the case's replicas.
var ownPeers = []string{"{podSelector: SELF}", "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: RELEASE}}, podSelector: SELF}"}

// policyPorts leave out the canary's port, by which the test sees that a policy is
// in force.
var policyPorts = []string{
	"{port: 8080}", "{port: 6222}", "{port: http}", "{port: pubsub}", "{port: https}", "{port: nats}", "{port: 6222, endPort: 8080}", "{port: 6223, endPort: 8079}",
	"{port: 53, protocol: UDP}", "{port: 53}", "{port: 5432}", "{port: 8444}", "{port: 5000, endPort: 6222}", "{port: 8000, endPort: 8444}", "{port: 8443}",
	"{port: 8080, protocol: UDP}", "{port: 1, endPort: 8444}", "{port: 53, endPort: 53, protocol: UDP}",
}

// generatePolicies makes cases of one to three policies.
func generatePolicies() []*policyCase {
	rng := rand.New(rand.NewPCG(policySeed, policySeed))
	var cases []*policyCase
	for i := range generatedPolicies {
		c := &policyCase{Name: fmt.Sprint("generated-", i), generated: true}
		for range 1 + rng.IntN(3) {
			c.Policies = append(c.Policies, generatePolicy(rng, c))
		}
		// What comes in through the replicas' own Service is not the plugin's matter.
		c.Own = rng.IntN(2) == 0 && !slices.ContainsFunc(c.Policies, func(p string) bool {
			return strings.Contains(p, "ingress:") || !strings.Contains(p, "policyTypes: [Egress]")
		})
		cases = append(cases, c)
	}
	return cases
}

func generatePolicy(rng *rand.Rand, c *policyCase) string {
	fields := []string{"podSelector: " + pick(rng, []string{
		"SELF", "{matchExpressions: [{key: app.kubernetes.io/instance, operator: In, values: [CASE, other]}]}",
	})}
	types := pick(rng, []string{"", "Ingress", "Egress", "Egress", "Ingress, Egress"})
	if types != "" {
		fields = append(fields, "policyTypes: ["+types+"]")
	}
	if strings.Contains(types, "Ingress") || types == "" {
		if rules := generateRules(rng, "from", c); rng.IntN(4) > 0 {
			fields = append(fields, "ingress: ["+rules+"]")
		}
	}
	if strings.Contains(types, "Egress") || types == "" && rng.IntN(2) == 0 {
		fields = append(fields, "egress: ["+generateRules(rng, "to", c)+"]")
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func generateRules(rng *rand.Rand, side string, c *policyCase) string {
	var rules []string
	for range rng.IntN(4) {
		var ports, peers []string
		for range rng.IntN(4) {
			ports = append(ports, pick(rng, policyPorts))
		}
		for range rng.IntN(3) {
			peer := pick(rng, policyPeers)
			if len(ports) == 0 {
				peer = policyPeer{spec: pick(rng, ownPeers)}
			}
			peers = append(peers, peer.spec)
			c.vague = append(c.vague, peer.vague...)
		}
		if len(ports) == 0 && len(peers) == 0 {
			continue
		}
		// Ports by name are those of the other end, which is not known where it is
		// no replica.
		if side == "to" && slices.ContainsFunc(ports, func(p string) bool { return strings.ContainsAny(p[len("{port: "):len("{port: ")+1], "hpn") }) {
			c.vague = append(c.vague, outside...)
		}
		var fields []string
		if len(ports) > 0 {
			fields = append(fields, "ports: ["+strings.Join(ports, ", ")+"]")
		}
		if len(peers) > 0 {
			fields = append(fields, side+": ["+strings.Join(peers, ", ")+"]")
		}
		rules = append(rules, "{"+strings.Join(fields, ", ")+"}")
	}
	return strings.Join(rules, ", ")
}
