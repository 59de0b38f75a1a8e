// The APIs beyond Kubernetes' own that the example values name, as their
// projects define them: the tests put the definitions into the cluster.
module github.com/coder-ha/coder-ha/tests/e2e/apis

go 1.26.0

require (
	github.com/prometheus-operator/prometheus-operator v0.88.0
	sigs.k8s.io/gateway-api v1.5.1
)

require (
	github.com/alecthomas/kingpin/v2 v2.4.0 // indirect
	github.com/alecthomas/units v0.0.0-20240927000941-0f3dac36c52b // indirect
	github.com/prometheus/common v0.67.5 // indirect
	github.com/xhit/go-str2duration/v2 v2.1.0 // indirect
)
