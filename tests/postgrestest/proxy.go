package postgrestest

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// ProxyOptions say what a Proxy does to the bytes between client and server.
type ProxyOptions struct {
	// Delay is how much later everything arrives, in each direction; a round
	// trip takes twice as long. What was sent together arrives together.
	Delay time.Duration
	// Silence, if it is not nil, is how many bytes of the server reach each
	// client: after them the proxy swallows everything, in both directions.
	Silence *int
}

// Proxy stands between clients and a server on loopback.
type Proxy struct {
	options  ProxyOptions
	server   string
	listener net.Listener
	closed   sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool
	accepted int
}

// StartProxy listens on a port of its own. Close ends it.
func StartProxy(ctx context.Context, server string, o ProxyOptions) (*Proxy, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{options: o, server: server, listener: l, conns: map[net.Conn]bool{}}
	p.closed.Go(p.accept)
	return p, nil
}

// Address is host:port.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Accepted is how many connections clients have made.
func (p *Proxy) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

// Close drops all connections and waits until nothing of the proxy runs.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.closed.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.accepted++
		p.mu.Unlock()
		p.closed.Go(func() { p.serve(client) })
	}
}

// serve carries one connection until either side ends it.
func (p *Proxy) serve(client net.Conn) {
	defer p.track(client)()
	server, err := (&net.Dialer{}).Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer p.track(server)()
	budget := make(chan struct{})
	var both sync.WaitGroup
	end := func() {
		_ = client.Close()
		_ = server.Close()
	}
	both.Go(func() { defer end(); p.carry(client, server, -1, nil, budget) })
	limit := -1
	if p.options.Silence != nil {
		limit = *p.options.Silence
		if limit == 0 {
			close(budget)
		}
	}
	both.Go(func() { defer end(); p.carry(server, client, limit, budget, budget) })
	both.Wait()
}

func (p *Proxy) track(c net.Conn) func() {
	p.mu.Lock()
	p.conns[c] = true
	p.mu.Unlock()
	return func() {
		_ = c.Close()
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	}
}

type chunk struct {
	data []byte
	due  time.Time
}

// carry copies in one direction, delayed. Once limit bytes have passed it
// closes spent; from when silent is closed it reads on and passes nothing.
func (p *Proxy) carry(from io.Reader, to io.Writer, limit int, spent chan<- struct{}, silent <-chan struct{}) {
	queue := make(chan chunk, 1024)
	var writer sync.WaitGroup
	writer.Go(func() { deliver(to, queue) })
	defer writer.Wait()
	defer close(queue)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		select {
		case <-silent:
			continue
		default:
		}
		data := append([]byte(nil), buffer[:n]...)
		if limit >= 0 {
			if n >= limit {
				data = data[:limit]
				close(spent)
			}
			limit -= len(data)
		}
		queue <- chunk{data, time.Now().Add(p.options.Delay)}
	}
}

// deliver writes each chunk when it is due.
func deliver(to io.Writer, queue <-chan chunk) {
	for c := range queue {
		if wait := time.Until(c.due); wait > 0 {
			<-time.After(wait)
		}
		if _, err := to.Write(c.data); err != nil {
			for range queue {
				continue
			}
			return
		}
	}
}
