package source

import (
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/hosts"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// Content is a file of a host that is not on disk yet.
type Content = hosts.Content

// OfHosts is the model of hosts from what their files will hold. It is not sealed.
func OfHosts(envFiles, units []Content, coderVersion string) (*deployment.Deployment, error) {
	return hosts.Of(envFiles, units, coderVersion)
}

// container is a StatefulSet around the environment of coderd's container.
const container = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: coder, namespace: coder}
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: coder
        image: ghcr.io/coder/coder
        env:
`

// OfContainer is the model of replicas whose container has the given list of env. It
// is not sealed.
func OfContainer(env, coderVersion, ipFamily string) (*deployment.Deployment, error) {
	var text strings.Builder
	text.WriteString(container)
	for line := range strings.Lines(env) {
		text.WriteString("        " + line)
	}
	objects, err := manifest.Decode(strings.NewReader(text.String()), "env.yaml")
	if err != nil {
		return nil, err
	}
	return kube.Build(objects, kube.Options{Namespace: "coder", CoderVersion: coderVersion, PodIPFamily: ipFamily})
}
