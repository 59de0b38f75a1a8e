package e2e

import (
	"context"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/internal/manual"
	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// reader follows the manual on the cluster: with Helm 3, kubectl, a clone of this
// repository, a database, and a cloud that gives addresses to load balancers.
type reader struct {
	*world
	// dir is the folder of the page, and env the reader's environment.
	dir string
	env []string
	// url leads to the database from the cluster, and forwarded from this machine, once
	// port is forwarded.
	url, forwarded, port string
	// upstream is the folder of Coder's own chart, and program a copy of the plugin's.
	upstream, program string
	// due is what the next block takes for granted.
	due string
	// printed is what commands printed since the last change of scenes.
	printed map[string]string
	// used are the entries of the tables that were needed.
	used map[string]bool
}

func newReader(t *testing.T) *reader {
	t.Helper()
	w := &world{t: t, cluster: shared, client: shared.Client, ns: "coder", side: "databases", helm: "3", nodes: nodeNames(t, shared)}
	w.namespace(w.side, nil)
	t.Cleanup(w.end)
	w.startSide()
	service, err := w.client.CoreV1().Services(w.side).Get(t.Context(), "postgres", metav1.GetOptions{})
	require.NoError(t, err)
	_, err = w.client.CoreV1().Services(w.side).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "coder-db-rw"}, Spec: corev1.ServiceSpec{Selector: service.Spec.Selector, Ports: []corev1.ServicePort{{Port: 5432}}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	other, err := charts.Write(t.TempDir(), "coder", upstream.Version{Chart: "2.37.2", App: "2.37.2"})
	require.NoError(t, err)

	home, bin := t.TempDir(), t.TempDir()
	program, err := os.ReadFile(filepath.Join(root, "bin", "coder-ha"))
	require.NoError(t, err)
	copied := filepath.Join(home, "coder-ha")
	require.NoError(t, os.WriteFile(copied, program, 0o700))
	kubectl, err := exec.LookPath(w.cluster.Kubectl())
	require.NoError(t, err)
	for name, target := range map[string]string{"helm": helmBinary(w.helm), "kubectl": kubectl} {
		require.NoError(t, os.Symlink(target, filepath.Join(bin, name)))
	}
	r := &reader{
		world: w, upstream: other, program: copied, port: freePort(t), used: map[string]bool{}, printed: map[string]string{},
		url: "postgres://coder:e2e-password@coder-db-rw." + w.side + ".svc.cluster.local:5432/coder?sslmode=disable",
		env: command.Environment(home, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "KUBECONFIG="+w.cluster.Kubeconfig),
	}
	r.forwarded = "postgres://coder:e2e-password@localhost:" + r.port + "/coder?sslmode=disable"
	r.port += ":5432"
	r.giveAddresses(t)
	return r
}

// freePort is a port of this machine that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// giveAddresses is the part of a cloud: a Service that wants a load balancer gets one.
func (r *reader) giveAddresses(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for ticker := time.NewTicker(200 * time.Millisecond); ctx.Err() == nil; <-ticker.C {
			services, err := r.client.CoreV1().Services(r.ns).List(ctx, metav1.ListOptions{})
			if err != nil {
				continue
			}
			for i := range services.Items {
				s := &services.Items[i]
				if s.Spec.Type == corev1.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0 {
					s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.1"}}
					// Of two that change it, the next turn tells.
					_, _ = r.client.CoreV1().Services(r.ns).UpdateStatus(ctx, s, metav1.UpdateOptions{})
				}
			}
		}
	}()
}

// open makes the folder of a page: a clone, another chart, and files that pages speak
// of without showing them.
func (r *reader) open(t *testing.T, p manual.Page) {
	t.Helper()
	r.dir = t.TempDir()
	for _, name := range []string{"Makefile", "bin", "charts", "go.mod", "go.sum", "plugin", "tests", ".cache"} {
		require.NoError(t, os.Symlink(filepath.Join(root, name), filepath.Join(r.dir, name)))
	}
	require.NoError(t, os.Symlink(r.upstream, filepath.Join(r.dir, "other-chart")))
	require.NoError(t, os.Link(r.program, filepath.Join(r.dir, "coder-ha")))
	r.copyDocs(t)
	home, err := manual.Open("docs/high-availability.md")
	require.NoError(t, err)
	for _, b := range home.Blocks() {
		if b.File() == "values.yaml" {
			r.write(t, "values.yaml", b.Text)
			r.write(t, "your-values.yaml", b.Text)
		}
	}
	r.write(t, "url", r.url)
	t.Logf("%s: %s", p.File, r.dir)
}

// copyDocs copies the examples, with what is here in the place of what readers have.
func (r *reader) copyDocs(t *testing.T) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "docs"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		r.write(t, name, string(text))
		return err
	}))
}

// keep writes the file that a block shows.
func (r *reader) keep(t *testing.T, b manual.Block) {
	t.Helper()
	if name := b.File(); name != "" && !filepath.IsAbs(name) {
		r.write(t, name, b.Text)
	}
}

func (r *reader) write(t *testing.T, name, text string) {
	t.Helper()
	at := filepath.Join(r.dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
	require.NoError(t, os.WriteFile(at, []byte(r.own(text)), 0o600))
}
