package kube

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

const coderInACluster = `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: coder
  namespace: coder
spec:
  replicas: 3
  template:
    metadata:
      labels:
        app: coder
    spec:
      containers:
      - name: coder
        image: ghcr.io/coder/coder:v2.38.0
        envFrom:
        - configMapRef:
            name: settings
        env:
        - name: CODER_ACCESS_URL
          value: https://coder.example.com
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: coder
data:
  CODER_HTTP_ADDRESS: 0.0.0.0:8080
---
apiVersion: v1
kind: Service
metadata:
  name: coder
  namespace: coder
spec:
  ports:
  - port: 80
    targetPort: 8080
  selector:
    app: coder
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: other
  namespace: coder
spec:
  template:
    metadata:
      labels:
        app: coder
    spec:
      containers:
      - name: other
        image: registry.example.com/other
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: all
  namespace: coder
spec:
  podSelector: {}
  policyTypes:
  - Ingress
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: all
  namespace: coder
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: coder
---
`

const elsewhere = `apiVersion: v1
kind: Namespace
metadata:
  name: team
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: gateway
  namespace: team
spec:
  template:
    metadata:
      labels:
        istio: outer-gateway
    spec:
      containers:
      - name: proxy
        image: registry.example.com/proxy
---
apiVersion: v1
kind: Service
metadata:
  name: headless
  namespace: team
spec:
  clusterIP: None
  selector:
    app: a
---
apiVersion: v1
kind: Service
metadata:
  name: without-selector
  namespace: team
spec:
  selector: {}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: team
data:
  CODER_HTTP_ADDRESS: 0.0.0.0:1
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: all
  namespace: team
spec:
  podSelector: {}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: outer
  namespace: team
spec:
  selector:
    istio: outer-gateway
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: coder
  namespace: team
spec:
  hosts:
  - coder.example.com
  gateways:
  - outer
  http:
  - route:
    - destination:
        host: coder.coder.svc.cluster.local
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: coder
  namespace: team
spec:
  hostnames:
  - coder.example.com
  rules:
  - backendRefs:
    - name: coder
      namespace: coder
`

// alike says that a stream means the same with the shortcut and without.
func alike(t *testing.T, stream string, opts Options) (*deployment.Deployment, error) {
	t.Helper()
	decoded, err := manifest.Decode(strings.NewReader(stream), "stream.yaml")
	require.NoError(t, err)
	want, wantErr := Build(decoded, opts)
	skimmed, err := manifest.Skim([]byte(stream), "stream.yaml")
	require.NoError(t, err)
	got, err := Build(skimmed, opts)
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error())
		return nil, err
	}
	require.NoError(t, err)
	require.Equal(t, want, got)
	return got, nil
}

func TestACodersClusterIsReadAlikeWithTheShortcut(t *testing.T) {
	d, err := alike(t, coderInACluster+elsewhere, Options{Namespace: "default"})
	require.NoError(t, err)
	assert.Len(t, d.Replicas, 3)
	assert.Len(t, d.ServiceNames, 3)
	assert.Len(t, d.Policies, 1)
	require.Len(t, d.Frontends, 2)
	assert.Equal(t, "istio", firstKey(d.Frontends[1].Istio.Labels))

	pieces := strings.ReplaceAll(strings.ReplaceAll(coderInACluster, "ghcr.io/coder/coder:v2.38.0\n", "busybox\n        command:\n        - sh\n        - -c\n        - c\"o\"der server\n"), "CODER_", "C_")
	for name, test := range map[string]struct {
		stream string
		opts   Options
	}{
		"no coder":            {elsewhere, Options{}},
		"two":                 {coderInACluster + elsewhere + "---\n" + strings.ReplaceAll(coderInACluster, "namespace: coder", "namespace: second"), Options{}},
		"one of two":          {coderInACluster + elsewhere + "---\n" + strings.ReplaceAll(coderInACluster, "namespace: coder", "namespace: second"), Options{Workloads: []string{"coder"}, Namespace: "second"}},
		"named":               {coderInACluster + elsewhere, Options{Workloads: []string{"deployment/gateway"}}},
		"a name that is none": {coderInACluster + elsewhere, Options{Workloads: []string{"gatewa"}}},
		"in pieces":           {strings.ReplaceAll(pieces, "name: coder", "name: c"), Options{}},
		"a wrong type":        {strings.Replace(coderInACluster, "replicas: 3", "replicas: three", 1) + elsewhere, Options{}},
		"without namespaces":  {strings.ReplaceAll(coderInACluster, "  namespace: coder\n", "") + elsewhere, Options{Namespace: "mine"}},
	} {
		t.Run(name, func(t *testing.T) { _, _ = alike(t, test.stream, test.opts) })
	}
}

func firstKey(labels map[string]string) string {
	for key := range labels {
		return key
	}
	return ""
}

// TestWhatIsFarIsNotDecoded holds that what acts elsewhere costs nothing, and is not
// judged: the wrong type of a field there does not keep Coder from being checked.
func TestWhatIsFarIsNotDecoded(t *testing.T) {
	wrong := strings.Replace(elsewhere, "    spec:\n      containers:", "    spec:\n      hostNetwork: 7\n      containers:", 1)
	objects, err := manifest.Skim([]byte(coderInACluster+wrong), "stream.yaml")
	require.NoError(t, err)
	_, err = Build(objects, Options{})
	require.NoError(t, err)
}

// comments are the lines that keep a document from being skimmed.
var comments = regexp.MustCompile(`(?m)^ *#.*\n`)

// TestTheManifestsOfTheRepositoryAreReadAlikeWithTheShortcut takes each file alone and
// beside other namespaces.
func TestTheManifestsOfTheRepositoryAreReadAlikeWithTheShortcut(t *testing.T) {
	var streams []string
	err := filepath.WalkDir("../../../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".cache" {
			return fs.SkipDir
		}
		if ext := filepath.Ext(path); ext != ".yaml" && ext != ".golden" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text = comments.ReplaceAll(text, nil)
		if _, err := manifest.Decode(bytes.NewReader(text), path); err == nil {
			streams = append(streams, string(text))
		}
		return nil
	})
	require.NoError(t, err)
	described := 0
	for _, text := range streams {
		for _, stream := range []string{text, text + "\n---\n" + elsewhere} {
			if _, err := alike(t, stream, Options{Namespace: "coder"}); err == nil {
				described++
			}
		}
	}
	assert.Greater(t, described, 10)
}
