package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/lib/pq"
)

// connection is what Coder's driver makes of a connection URL.
type connection struct {
	// Unparsed says that url.Parse refuses it: coderd then changes it first.
	Unparsed bool `json:"unparsed,omitempty"`
	// Error is that of reading it, or of its TLS mode.
	Error string `json:"error,omitempty"`
	// Settings are what it was read into, with the driver's defaults.
	Settings map[string]string `json:"settings,omitempty"`
	// Network and Address are what it dials.
	Network string `json:"network,omitempty"`
	Address string `json:"address,omitempty"`
	// Startup is what the server is told without TLS; nil with it.
	Startup map[string]string `json:"startup,omitempty"`
}

// connect answers each line of in, a connection URL as a JSON string.
func connect(in io.Reader, out io.Writer) error {
	lines, encoder := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	for {
		var raw string
		if err := lines.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a connection URL: %w", err)
		}
		if err := encoder.Encode(dial(raw)); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
	}
}

// dial lets the driver connect to a server that listens to the first message and
// says no.
func dial(raw string) connection {
	if _, err := url.Parse(raw); err != nil {
		return connection{Unparsed: true}
	}
	connector, err := pq.NewConnector(raw)
	if err != nil {
		return connection{Error: err.Error()}
	}
	c := connection{Settings: map[string]string{}}
	for options := reflect.ValueOf(connector).Elem().FieldByName("opts").MapRange(); options.Next(); {
		c.Settings[options.Key().String()] = options.Value().String()
	}
	listener := &listener{}
	connector.Dialer(listener)
	_, err = connector.Connect(context.Background())
	c.Network, c.Address, c.Startup = listener.network, listener.address, listener.startup
	if err != nil && listener.network == "" || err != nil && strings.Contains(err.Error(), "sslmode") {
		c.Error = err.Error()
	}
	return c
}

// listener is a server that takes in one message.
type listener struct {
	network, address string
	startup          map[string]string
}

// The code in place of a version with which a client asks for TLS.
const askTLS = 80877103

func (l *listener) Dial(network, address string) (net.Conn, error) {
	return l.DialTimeout(network, address, 0)
}

func (l *listener) DialTimeout(network, address string, _ time.Duration) (net.Conn, error) {
	l.network, l.address = network, address
	client, server := net.Pipe()
	heard := make(chan map[string]string, 1)
	go func() {
		defer server.Close()
		var head struct{ Size, Version uint32 }
		if err := binary.Read(server, binary.BigEndian, &head); err != nil || head.Version == askTLS || head.Size < 8 {
			heard <- nil
			return
		}
		body := make([]byte, head.Size-8)
		if _, err := io.ReadFull(server, body); err != nil {
			heard <- nil
			return
		}
		startup := map[string]string{}
		for words := strings.Split(string(body), "\x00"); len(words) > 1 && words[0] != ""; words = words[2:] {
			startup[words[0]] = words[1]
		}
		heard <- startup
	}()
	return &told{Conn: client, server: l, heard: heard}, nil
}

// told hands the message over as soon as the client waits for an answer.
type told struct {
	net.Conn

	server *listener
	heard  chan map[string]string
}

func (t *told) Read(b []byte) (int, error) {
	if startup, ok := <-t.heard; ok {
		t.server.startup = startup
		close(t.heard)
	}
	return t.Conn.Read(b)
}
