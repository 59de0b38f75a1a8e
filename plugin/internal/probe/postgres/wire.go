package postgres

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"
)

// wire is a connection that counts round trips: each time something is read
// after something was written, the client has waited for the server once.
type wire struct {
	net.Conn
	mu    sync.Mutex
	asked bool
	trips int
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.asked = true
	w.mu.Unlock()
	return w.Conn.Write(b)
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > 0 && w.asked {
		w.trips++
		w.asked = false
	}
	return n, err
}

// roundTrips is the count, with the one that made the connection.
func (w *wire) roundTrips() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trips + 1
}

// authWatch reads along while a session starts, to see when the server says
// that the authentication is done. It needs only the heads of the messages.
type authWatch struct {
	io.Reader
	head []byte
	skip int
	// at is when AuthenticationOk came.
	at time.Time
}

// The head of a message: its type, its length and, for authentication, the
// code that follows, which is 0 when all is well.
const (
	typeSize = 1
	headSize = typeSize + 4
	codeSize = 4
)

func (a *authWatch) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	if a.at.IsZero() {
		a.scan(b[:n])
	}
	return n, err
}

func (a *authWatch) scan(b []byte) {
	for len(b) > 0 && a.at.IsZero() {
		if a.skip > 0 {
			n := min(a.skip, len(b))
			a.skip -= n
			b = b[n:]
			continue
		}
		a.head = append(a.head, b[0])
		b = b[1:]
		if len(a.head) < headSize || a.head[0] == 'R' && len(a.head) < headSize+codeSize {
			continue
		}
		length := int(binary.BigEndian.Uint32(a.head[typeSize:headSize]))
		if a.head[0] == 'R' && binary.BigEndian.Uint32(a.head[headSize:]) == 0 {
			a.at = time.Now()
		}
		a.skip = max(length+typeSize-len(a.head), 0)
		a.head = a.head[:0]
	}
}
