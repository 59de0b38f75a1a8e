package chart

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// capabilities are those of the cluster, or those that the options say.
func (r *renderer) capabilities() (*chartutil.Capabilities, error) {
	if r.live != nil {
		return r.live.capabilities, nil
	}
	return defaultCapabilities(r.opts)
}

// defaultCapabilities are those of `helm template`.
func defaultCapabilities(opts Options) (*chartutil.Capabilities, error) {
	version := cmp.Or(opts.KubeVersion, DefaultKubeVersion())
	parsed, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return nil, fmt.Errorf("--kube-version %q is not a Kubernetes version: use a form like v1.34.0", version)
	}
	caps := chartutil.DefaultCapabilities.Copy()
	caps.KubeVersion = *parsed
	caps.APIVersions = append(caps.APIVersions, opts.APIVersions...)
	return caps, nil
}

// DefaultKubeVersion is what a release of the helm command takes for the
// cluster's version: that of the client-go it was built with. The SDK alone
// would say v1.20.0.
func DefaultKubeVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if version := kubeVersion(dep.Version); dep.Path == "k8s.io/client-go" && version != "" {
				return version
			}
		}
	}
	return chartutil.DefaultCapabilities.KubeVersion.Version
}

// kubeVersion is the Kubernetes version of a version of client-go: v0.N.x
// stands for v1.N.0, as Helm's own build has it.
func kubeVersion(client string) string {
	minor, ok := strings.CutPrefix(client, "v0.")
	if !ok {
		return ""
	}
	minor, _, _ = strings.Cut(minor, ".")
	return "v1." + minor + ".0"
}

// versionSet is what .Capabilities.APIVersions has of a cluster: its versions of APIs,
// and their kinds. Where it says nothing, that is what Helm takes for a cluster's.
func versionSet(groups []*metav1.APIGroup, resources []*metav1.APIResourceList) chartutil.VersionSet {
	known := map[string]bool{}
	for _, group := range groups {
		for _, version := range group.Versions {
			known[version.GroupVersion] = true
		}
	}
	for _, list := range resources {
		for _, resource := range list.APIResources {
			known[path.Join(list.GroupVersion, resource.Kind)] = true
		}
	}
	if len(known) == 0 {
		return chartutil.DefaultVersionSet
	}
	return slices.Sorted(maps.Keys(known))
}
