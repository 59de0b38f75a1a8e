package kube

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// volumesInput is a container with one volume of each kind.
const volumesInput = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: coder, namespace: coder}
spec:
  template:
    spec:
      containers:
      - name: coder
        image: ghcr.io/coder/coder:v2.38.0
        volumeMounts:
        - {name: whole, mountPath: /whole/}
        - {name: items, mountPath: /items}
        - {name: all, mountPath: /all}
        - {name: whole, mountPath: /one/own.crt, subPath: tls.crt}
        - {name: whole, mountPath: /whole/deep, subPath: tls.crt}
        - {name: whole, mountPath: /named, subPathExpr: $(POD_NAME)}
        - {name: other, mountPath: /other}
        - {name: empty, mountPath: /empty}
        - {name: binary, mountPath: /binary}
      volumes:
      - {name: whole, secret: {secretName: tls}}
      - {name: items, secret: {secretName: tls, items: [{key: tls.crt, path: certs/coder.crt}]}}
      - {name: other, secret: {secretName: other}}
      - {name: binary, configMap: {name: binary}}
      - {name: empty, emptyDir: {}}
      - name: all
        projected:
          sources:
          - {secret: {name: tls}}
          - {secret: {name: not-here, items: [{key: a, path: there.crt}]}}
          - {configMap: {name: ca}}
          - {serviceAccountToken: {path: token}}
          - {downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
---
apiVersion: v1
kind: Secret
metadata: {name: tls, namespace: coder}
stringData: {tls.crt: certificate, tls.key: key, ca.crt: replaced, empty: ""}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca, namespace: coder}
data: {ca.crt: authority}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: binary, namespace: coder}
binaryData: {a.crt: Yg==}
`

func TestAFileIsFoundThroughMountsAndVolumes(t *testing.T) {
	objects, err := manifest.Decode(strings.NewReader(volumesInput), "in.yaml")
	require.NoError(t, err)
	in, err := newInput(objects, Options{Namespace: "coder"})
	require.NoError(t, err)
	found, err := in.findWorkloads()
	require.NoError(t, err)

	for _, c := range []struct {
		path, what, content string
		known, absent       bool
	}{
		{path: "/whole/tls.crt", what: "Secret coder/tls", content: "certificate", known: true},
		{path: "/whole//./tls.crt", what: "Secret coder/tls", content: "certificate", known: true},
		{path: "/whole/empty", what: "Secret coder/tls", known: true},
		{path: "/whole/no.crt", what: "Secret coder/tls", absent: true},
		{path: "/whole/deep", what: "Secret coder/tls", content: "certificate", known: true},
		{path: "/wholes/tls.crt", what: "the image"},
		{path: "/items/certs/coder.crt", what: "Secret coder/tls", content: "certificate", known: true},
		{path: "/items/tls.crt", what: "Secret coder/tls", absent: true},
		{path: "/one/own.crt", what: "Secret coder/tls", content: "certificate", known: true},
		{path: "/named/tls.crt", what: "volume whole"},
		{path: "/other/tls.crt", what: "Secret coder/other"},
		{path: "/empty/tls.crt", what: "volume empty"},
		{path: "/binary/a.crt", what: "ConfigMap coder/binary", content: "b", known: true},
		{path: "/all/tls.crt", what: "Secret coder/tls", content: "certificate", known: true},
		{path: "/all/ca.crt", what: "ConfigMap coder/ca", content: "authority", known: true},
		{path: "/all/there.crt", what: "Secret coder/not-here"},
		{path: "/all/a", what: "volume all", absent: true},
		{path: "/all/token", what: "the token of the ServiceAccount"},
		{path: "/all/labels", what: "the downward API"},
	} {
		t.Run(c.path, func(t *testing.T) {
			got := in.file(found[0], c.path)
			assert.Equal(t, c.what, got.What)
			assert.Equal(t, c.content, string(got.Content))
			assert.Equal(t, c.known, got.Known)
			assert.Equal(t, c.absent, got.Absent)
		})
	}
}
