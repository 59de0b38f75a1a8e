package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// sslRequest is the message that asks a server for TLS: its length, 8, and the
// code 80877103 of the protocol.
var sslRequest = []byte{0, 0, 0, 8, 4, 210, 22, 47}

// errNoTLS is lib/pq's verdict on a server that answers the request with no.
var errNoTLS = errors.New("the server does not offer TLS")

// tlsPlan is how the sslmode of a URL is carried out.
type tlsPlan struct {
	config *tls.Config
	// verify says that the chain must lead to roots; nil roots are the
	// system's. verifyHost says that the name must match too.
	verify, verifyHost bool
	roots              *x509.CertPool
	// left says which file is not on this machine and was left out; rootsLeft
	// that it is the one that the chain is checked with.
	left      string
	rootsLeft bool
	// foreign says that the system's roots are not those of coderd's image.
	foreign bool
}

// planTLS follows lib/pq: require checks nothing, unless sslrootcert names a
// file that exists, and then the chain; verify-ca checks the chain, verify-full
// the host too. A file that is not on this machine may well be on coderd's, so
// it is left out and said to be.
func planTLS(u pgurl.URL, readFile func(string) ([]byte, error)) (tlsPlan, error) {
	p := tlsPlan{config: &tls.Config{
		// The chain is checked after the handshake, so that its facts are known
		// also when it does not hold.
		InsecureSkipVerify: true,
		ServerName:         u.Host().Name,
		MinVersion:         tls.VersionTLS12,
	}}
	if u.Param("sslsni") == "0" {
		p.config.ServerName = ""
	}
	p.verify = u.SSLMode == pgurl.SSLVerifyCA || u.SSLMode == pgurl.SSLVerifyFull
	p.verifyHost = u.SSLMode == pgurl.SSLVerifyFull
	if err := p.readRoots(u, readFile); err != nil {
		return p, err
	}
	return p, p.readClientCertificate(u, readFile)
}

func (p *tlsPlan) readRoots(u pgurl.URL, readFile func(string) ([]byte, error)) error {
	path := u.Param("sslrootcert")
	if path == "" {
		return nil
	}
	pem, err := material(u, path, readFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && p.verify:
		p.left, p.rootsLeft = "sslrootcert "+path+" is not on this machine", true
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read sslrootcert: %w", err)
	}
	p.verify = true
	p.roots = x509.NewCertPool()
	if !p.roots.AppendCertsFromPEM(pem) {
		return errors.New("sslrootcert holds no PEM certificate")
	}
	return nil
}

func (p *tlsPlan) readClientCertificate(u pgurl.URL, readFile func(string) ([]byte, error)) error {
	certPath, keyPath := u.Param("sslcert"), u.Param("sslkey")
	if certPath == "" {
		return nil
	}
	certPEM, err := material(u, certPath, readFile)
	if errors.Is(err, fs.ErrNotExist) {
		p.left = "sslcert " + certPath + " is not on this machine"
		return nil
	}
	if err != nil {
		return fmt.Errorf("read sslcert: %w", err)
	}
	keyPEM, err := material(u, keyPath, readFile)
	if err != nil {
		return fmt.Errorf("read sslkey: %w", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return fmt.Errorf("sslcert and sslkey: %w", err)
	}
	p.config.Certificates = []tls.Certificate{pair}
	return nil
}

// material is the PEM of a setting, which with sslinline is the setting itself.
func material(u pgurl.URL, value string, readFile func(string) ([]byte, error)) ([]byte, error) {
	if u.Param("sslinline") == "true" {
		return []byte(value), nil
	}
	return readFile(value)
}

// startTLS asks for TLS and shakes hands. The facts are given also with an
// error about the certificate.
func startTLS(ctx context.Context, conn net.Conn, host string, p tlsPlan) (net.Conn, *pgfacts.TLS, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if _, err := conn.Write(sslRequest); err != nil {
		return nil, nil, err
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return nil, nil, err
	}
	switch answer[0] {
	case 'S':
	case 'N':
		return nil, nil, errNoTLS
	default:
		return nil, nil, errors.New("the answer to the request for TLS is not that of a Postgres server")
	}
	client := tls.Client(conn, p.config)
	if err := client.HandshakeContext(ctx); err != nil {
		return nil, nil, err
	}
	state := client.ConnectionState()
	facts, err := p.judgeChain(state, host)
	return client, facts, err
}

// judgeChain checks the certificate as far as the sslmode asks for it.
func (p tlsPlan) judgeChain(state tls.ConnectionState, host string) (*pgfacts.TLS, error) {
	if len(state.PeerCertificates) == 0 {
		return nil, errors.New("the server has no certificate")
	}
	leaf := state.PeerCertificates[0]
	facts := &pgfacts.TLS{
		Version:     tls.VersionName(state.Version),
		Cipher:      tls.CipherSuiteName(state.CipherSuite),
		Required:    p.verify,
		Unverified:  p.left,
		Subject:     leaf.Subject.String(),
		Issuer:      leaf.Issuer.String(),
		Names:       leaf.DNSNames,
		NotAfter:    leaf.NotAfter,
		HostMatches: leaf.VerifyHostname(host) == nil,
	}
	for _, ip := range leaf.IPAddresses {
		facts.Names = append(facts.Names, ip.String())
	}
	if !p.verify || p.rootsLeft {
		return facts, nil
	}
	options := x509.VerifyOptions{Roots: p.roots, Intermediates: x509.NewCertPool()}
	for _, c := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(c)
	}
	if p.verifyHost {
		options.DNSName = host
	}
	_, err := leaf.Verify(options)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case unknown && p.foreign && p.roots == nil:
		facts.ForeignRoots, facts.Unverified = true, "its authority is none that the image of agents knows, and the image of coderd may know it"
		return facts, nil
	case err != nil:
		return facts, err
	}
	facts.Verified = true
	return facts, nil
}
