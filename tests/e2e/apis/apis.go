// Package apis pins the modules whose CustomResourceDefinitions the tests give
// to the cluster. The imports only hold the pins; the definitions are files of
// the modules.
package apis

import (
	// The Prometheus operator's and the Gateway API's smallest packages.
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
	_ "sigs.k8s.io/gateway-api/pkg/consts"
)
