package kube

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

func workloadDoc(kind, name, container string) string {
	return "{apiVersion: apps/v1, kind: " + kind + ", metadata: {name: " + name + "}, spec: {replicas: 3, template: {spec: {containers: [" + container + "]}}}}"
}

func podDoc(name, container string) string {
	return "{apiVersion: v1, kind: Pod, metadata: {name: " + name + "}, spec: {containers: [" + container + "]}}"
}

func TestAPodIsAWorkloadOfItsOwn(t *testing.T) {
	pod := podDoc("coder", "{name: nginx, image: nginx}, {name: coder, image: ghcr.io/coder/coder, env: [{name: CODER_DERP_SERVER_RELAY_URL, value: http://coder}]}")
	d, err := find(t, Options{}, pod)
	require.NoError(t, err)
	require.Len(t, d.Replicas, 1)
	assert.Equal(t, "coder", d.Replicas[0].Name)
	relay := d.Replicas[0].Env("CODER_DERP_SERVER_RELAY_URL")
	assert.Equal(t, "http://coder", relay.String())
	assert.Equal(t, "spec.containers[1].env[0].value", relay.Origin.Field)

	objects, err := manifest.Decode(strings.NewReader(pod), "in.yaml")
	require.NoError(t, err)
	_, places, err := Find(objects, Options{})
	require.NoError(t, err)
	require.Len(t, places, 1)
	assert.Equal(t, []any{"spec", "containers", 1}, places[0].Path)
	assert.Equal(t, "coder", places[0].Container.Name)
}

func find(t *testing.T, opts Options, docs ...string) (*deployment.Deployment, error) {
	t.Helper()
	objects, err := manifest.Decode(strings.NewReader(strings.Join(docs, "\n---\n")), "in.yaml")
	require.NoError(t, err)
	opts.Namespace = "ns"
	return Build(objects, opts)
}

func TestWhichWorkloadIsCoder(t *testing.T) {
	const other = "{name: nginx, image: nginx}"
	for _, c := range []struct{ name, container string }{
		{"by its image", "{name: x, image: 'ghcr.io/coder/coder:v2.30.0'}"},
		{"by a mirrored image", "{name: x, image: 'registry.corp:5000/mirror/coder@sha256:abc'}"},
		{"by its command", "{name: x, image: corp/platform, command: [/opt/coder, server]}"},
		{"by its settings", "{name: x, image: corp/platform, env: [{name: CODER_ACCESS_URL, value: x}]}"},
		{"behind a sidecar", other + ", {name: x, image: ghcr.io/coder/coder}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := find(t, Options{}, workloadDoc("Deployment", "web", other), workloadDoc("Deployment", "coder", c.container))
			require.NoError(t, err)
			assert.Equal(t, "coder", d.Workloads[0].Name)
			assert.Equal(t, "ns", d.Workloads[0].Namespace)
			assert.Equal(t, "x", d.Workloads[0].Pod.CoderContainer().Name)
		})
	}
}

// A container whose command line stands behind its image.
func container(image, fields string) string { return "{name: x, image: " + image + ", " + fields + "}" }

func TestWhichProgramsAreReplicas(t *testing.T) {
	const official, corporate = "ghcr.io/coder/coder:v2.36.1", "corp/platform"
	for _, c := range []struct{ name, container string }{
		{"the image's own program", "{name: x, image: " + official + "}"},
		{"the image's entry point with flags", container(official, "args: [--http-address, ':80']")},
		{"the image's entry point with the word server", container(official, "args: [server]")},
		{"the server", container(corporate, "command: [/opt/coder, server]")},
		{"flags in front of it", container(corporate, "command: [/opt/coder, -v], args: [server]")},
		{"behind tini", container(corporate, "command: [/sbin/tini, -s, -p, SIGTERM, --, coder], args: [server]")},
		{"behind env", container(corporate, "command: [/usr/bin/env, -u, X, 'A=coder', coder, server]")},
		{"behind another program", container(corporate, "command: [/vault/vault-env], args: [/opt/coder, server]")},
		{"behind a shell", container(corporate, "command: [sh, -c], args: ['exec /opt/coder server']")},
		{"behind a shell of busybox", container(corporate, "command: [busybox, sh, -ec, 'coder server']")},
		{"behind a shell that takes it as arguments", container(corporate, "command: [bash, -o, pipefail, -c, 'exec \"$@\"', --], args: [coder, server]")},
		{"a shell in the args alone", container(corporate, "args: [sh, -c, 'coder server']")},
		{"a script of the image", container(official, "command: [/entrypoint.sh]")},
		{"a server whose flags it refuses", container(official, "command: [coder, server, --nothing]")},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := find(t, Options{}, workloadDoc("Deployment", "coder", c.container))
			require.NoError(t, err)
			assert.Equal(t, "x", d.Workloads[0].Pod.CoderContainer().Name)
		})
	}
	for _, c := range []struct{ name, container string }{
		{"a provisioner", container(official, "command: [/opt/coder, provisioner, start]")},
		{"by its alias", container(official, "command: [/opt/coder, provisioners, start]")},
		{"by its old name", container(official, "command: [/opt/coder], args: [provisionerd, start, --psk, x]")},
		{"a proxy", container(official, "command: [/opt/coder, wsproxy, server]")},
		{"a proxy in the args alone", container(official, "args: [wsproxy, server]")},
		{"a proxy behind flags", container(official, "command: [/opt/coder, --verbose, --url, 'http://server', wsproxy, server]")},
		{"a push of templates", container(official, "command: [coder, templates, push, server]")},
		{"behind a shell", container(official, "command: [sh, -c, 'exec /opt/coder provisioner start']")},
		{"behind exec and tini in a shell", container(official, "command: [sh, -c, 'exec tini -- coder wsproxy server']")},
		{"behind a variable of the container", "{name: x, image: " + official + ", env: [{name: DO, value: provisionerd}], command: [sh, -c, 'coder $DO start']}"},
		{"behind env", container(official, "command: [env, 'CODER_X=server', coder, provisionerd, start]")},
		{"another command of the server", container(official, "command: [coder, server, create-admin-user]")},
		{"its help", container(official, "command: [coder, server, --help]")},
		{"a script that only says its name", container(corporate, "command: [sh, -c, 'echo coder server; sleep 1d']")},
	} {
		t.Run("not "+c.name, func(t *testing.T) {
			_, err := find(t, Options{}, workloadDoc("Deployment", "coder", c.container))
			assert.ErrorContains(t, err, "none of the workloads runs `coder server`")
		})
	}
}

func TestWhatIsNotCoder(t *testing.T) {
	const coder = "{name: coder, image: ghcr.io/coder/coder}"
	proxy := workloadDoc("Deployment", "proxy", "{name: coder, image: ghcr.io/coder/coder, args: [wsproxy, server]}")
	provisioner := workloadDoc("Deployment", "provisioner", "{name: coder, image: ghcr.io/coder/coder, args: [provisionerd, start]}")
	test := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: test, annotations: {helm.sh/hook: test}}, spec: {template: {spec: {containers: [" + coder + "]}}}}"
	t.Run("a workspace proxy, a provisioner, a test hook", func(t *testing.T) {
		d, err := find(t, Options{}, proxy, provisioner, test, workloadDoc("StatefulSet", "coder", coder))
		require.NoError(t, err)
		assert.Equal(t, "coder", d.Workloads[0].Name)
	})
	t.Run("a ReplicaSet that a Deployment owns", func(t *testing.T) {
		owned := "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: coder-abc, ownerReferences: [{kind: Deployment, name: coder}]}, spec: {template: {spec: {containers: [" + coder + "]}}}}"
		d, err := find(t, Options{}, owned, workloadDoc("Deployment", "coder", coder))
		require.NoError(t, err)
		assert.Equal(t, "coder", d.Workloads[0].Name)
	})
	t.Run("a provisioner that a shell starts, and a portal that knows the access URL", func(t *testing.T) {
		shell := workloadDoc("Deployment", "builder", "{name: coder, image: ghcr.io/coder/coder, command: [sh, -c, 'exec /opt/coder provisioner start']}")
		portal := workloadDoc("Deployment", "portal", "{name: portal, image: portal, env: [{name: CODER_ACCESS_URL, value: x}]}")
		d, err := find(t, Options{}, shell, portal, workloadDoc("StatefulSet", "coder", coder))
		require.NoError(t, err)
		assert.Len(t, d.Workloads, 1)
		assert.Equal(t, "coder", d.Workloads[0].Name)
	})
	t.Run("a pod beside a workload, and one that Helm runs as a hook", func(t *testing.T) {
		pod := podDoc("debug", coder)
		hook := "{apiVersion: v1, kind: Pod, metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}, spec: {containers: [" + coder + "]}}"
		d, err := find(t, Options{}, pod, hook, workloadDoc("StatefulSet", "coder", coder))
		require.NoError(t, err)
		assert.Equal(t, "coder", d.Workloads[0].Name)
		_, err = find(t, Options{}, hook)
		assert.ErrorContains(t, err, "no workload among the 1 objects")
	})
	t.Run("none of several", func(t *testing.T) {
		_, err := find(t, Options{}, proxy, provisioner)
		assert.ErrorContains(t, err, "none of the workloads runs `coder server` (Deployment/proxy, Deployment/provisioner)")
	})
	t.Run("no workload at all", func(t *testing.T) {
		_, err := find(t, Options{}, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}")
		assert.ErrorContains(t, err, "no workload among the 1 objects")
	})
	t.Run("two to choose from", func(t *testing.T) {
		a, b := workloadDoc("Deployment", "a", coder), workloadDoc("Deployment", "b", coder)
		_, err := find(t, Options{}, a, b)
		require.ErrorContains(t, err, "Deployment/a, Deployment/b")
		d, err := find(t, Options{Workloads: []string{"deployment/b"}}, a, b)
		require.NoError(t, err)
		assert.Equal(t, "b", d.Workloads[0].Name)
		d, err = find(t, Options{Workloads: []string{"a", "b"}}, a, b)
		require.NoError(t, err)
		assert.Len(t, d.Replicas, 6)
		_, err = find(t, Options{Workloads: []string{"c"}}, a, b)
		assert.ErrorContains(t, err, "--workload c is not in the input: it has Deployment/a, Deployment/b")
	})
}

func TestNamespacesTellWorkloadsOfOneNameApart(t *testing.T) {
	const coder = "{name: coder, image: ghcr.io/coder/coder}"
	here := workloadDoc("StatefulSet", "coder", coder)
	there := strings.Replace(here, "name: coder}", "name: coder, namespace: staging}", 1)
	_, err := find(t, Options{}, here, there)
	require.ErrorContains(t, err, "StatefulSet/coder in namespace ns, StatefulSet/coder in namespace staging")
	d, err := find(t, Options{Workloads: []string{"coder"}}, there, here)
	require.NoError(t, err)
	assert.Equal(t, "ns", d.Workloads[0].Namespace)
	elsewhere := strings.Replace(here, "name: coder}", "name: coder, namespace: prod}", 1)
	_, err = find(t, Options{Workloads: []string{"coder"}}, there, elsewhere)
	assert.ErrorContains(t, err, "say which with KIND/NAME and --namespace")
}

func TestScalersSayHowManyReplicasThereMayBe(t *testing.T) {
	const coder = "{name: coder, image: ghcr.io/coder/coder}"
	for _, c := range []struct {
		name, scaler string
		want         int
	}{
		{"none", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}", 3},
		{"an HPA", "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {scaleTargetRef: {kind: Deployment, name: coder}, maxReplicas: 5}}", 5},
		{"an HPA of another workload", "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {scaleTargetRef: {kind: StatefulSet, name: coder}, maxReplicas: 5}}", 3},
		{"KEDA", "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: x}, spec: {scaleTargetRef: {name: coder}, maxReplicaCount: 4}}", 4},
		{"KEDA without a maximum", "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: x}, spec: {scaleTargetRef: {name: coder}}}", 100},
		{"a Rollout that stands for the Deployment", "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: x}, spec: {replicas: 2, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: coder}}}", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := find(t, Options{}, workloadDoc("Deployment", "coder", coder), c.scaler)
			require.NoError(t, err)
			assert.Equal(t, c.want, d.Workloads[0].Replicas)
			assert.Len(t, d.Replicas, c.want)
		})
	}
	t.Run("more than anybody runs", func(t *testing.T) {
		d, err := find(t, Options{}, strings.Replace(workloadDoc("Deployment", "coder", coder), "replicas: 3", "replicas: 2000000000", 1))
		require.NoError(t, err)
		assert.Equal(t, 2000000000, d.Workloads[0].Replicas)
		assert.Len(t, d.Replicas, maxModeled)
	})
}

func TestVersionIsThatOfTheImage(t *testing.T) {
	for _, c := range []struct{ image, option, want string }{
		{"ghcr.io/coder/coder:v2.37.1", "", "2.37"},
		{"ghcr.io/coder/coder:v2.37.1@sha256:abc", "", "2.37"},
		{"registry:5000/coder", "", "unknown"},
		{"ghcr.io/coder/coder:main", "", "unknown"},
		{"ghcr.io/coder/coder:main", "2.38", "2.38"},
		{"ghcr.io/coder/coder:v2.34.0-rc.1", "", "2.34"},
	} {
		t.Run(c.image+" "+c.option, func(t *testing.T) {
			d, err := find(t, Options{CoderVersion: c.option}, workloadDoc("Deployment", "coder", "{name: coder, image: '"+c.image+"'}"))
			require.NoError(t, err)
			assert.Equal(t, c.want, d.Version.String())
		})
	}
}
