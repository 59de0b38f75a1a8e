package e2e

import (
	"context"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
)

// line is a way to the API server of its own, which can be lost while all others keep
// theirs.
type line struct {
	listener net.Listener
	server   string
	// gate is held for reading while bytes pass, and for writing while none do.
	gate sync.RWMutex

	mu    sync.Mutex
	ended bool
	open  []net.Conn
	last  time.Time
}

// line opens one, and writes a kubeconfig that leads through it.
func (w *world) line() (l *line, kubeconfig string) {
	w.t.Helper()
	config, err := clientcmd.LoadFromFile(w.cluster.Kubeconfig)
	require.NoError(w.t, err)
	cluster := config.Clusters[config.Contexts[config.CurrentContext].Cluster]
	server, err := url.Parse(cluster.Server)
	require.NoError(w.t, err)
	var listen net.ListenConfig
	listener, err := listen.Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	l = &line{listener: listener, server: server.Host}
	w.t.Cleanup(l.cut)
	go l.serve(w.t.Context())
	cluster.Server, cluster.TLSServerName = "https://"+listener.Addr().String(), server.Hostname()
	kubeconfig = filepath.Join(w.t.TempDir(), "line")
	require.NoError(w.t, clientcmd.WriteToFile(*config, kubeconfig))
	return l, kubeconfig
}

func (l *line) serve(ctx context.Context) {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		far, err := new(net.Dialer).DialContext(ctx, "tcp", l.server)
		if err != nil {
			_ = near.Close()
			continue
		}
		l.mu.Lock()
		l.open, l.last = append(l.open, near, far), time.Now()
		if l.ended {
			_ = near.Close()
			_ = far.Close()
		}
		l.mu.Unlock()
		go l.pass(near, far)
		go l.pass(far, near)
	}
}

// pass hands bytes on until one end is closed, and then closes the other.
func (l *line) pass(from, to net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		l.gate.RLock()
		_, failure := to.Write(buffer[:n])
		l.gate.RUnlock()
		if err != nil || failure != nil {
			return
		}
	}
}

// connections are how many have been opened.
func (l *line) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open) / 2
}

// quiet is for how long no connection has been opened.
func (l *line) quiet() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.last)
}

// cut closes what is open, and lets nobody in any more.
func (l *line) cut() {
	_ = l.listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for _, c := range l.open {
		_ = c.Close()
	}
}

// silence lets no byte pass until thaw.
func (l *line) silence() (thaw func()) {
	l.gate.Lock()
	return l.gate.Unlock
}
