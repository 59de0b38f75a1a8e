package postgres

import (
	"slices"
	"strings"
)

// readerServices are the endings of the Services that operators and charts make for
// standbys: CloudNativePG and its poolers (-ro), and for any instance (-r), Bitnami
// (-read), Zalando's operator (-repl), Crunchy, Percona and StackGres (-replicas),
// Kubegres and TimescaleDB (-replica).
var readerServices = []string{"-ro", "-r", "-read", "-repl", "-replicas", "-replica"}

// readerEndpoint recognizes the names of endpoints that lead to standbys. In the
// DNS of the cluster they are Services of operators; elsewhere the names of Aurora
// and RDS, and of virtual endpoints of Azure. Any other name may mean anything.
func readerEndpoint(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	label, rest, _ := strings.Cut(host, ".")
	switch {
	case strings.HasPrefix(rest, "cluster-ro-") && strings.Contains(rest, ".rds.amazonaws.com"):
		return true
	case strings.HasSuffix(host, ".reader.postgres.database.azure.com"):
		return true
	case !inCluster(rest):
		return false
	default:
		return slices.ContainsFunc(readerServices, func(ending string) bool { return strings.HasSuffix(label, ending) })
	}
}

// inCluster says whether what stands behind the name of a Service is empty, a
// namespace, or a namespace with what the DNS of the cluster puts behind it.
func inCluster(rest string) bool {
	namespace, more, qualified := strings.Cut(rest, ".")
	if qualified {
		return more == "svc" || strings.HasPrefix(more, "svc.")
	}
	return !slices.Contains(ownDomains, namespace)
}

// ownDomains are those that networks use for their own hosts, and the domains under
// which most hosts have names of two labels. No namespace is likely called so.
var ownDomains = []string{"internal", "local", "lan", "corp", "home", "intranet", "private", "localdomain", "com", "net", "org", "io"}
