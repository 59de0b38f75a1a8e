package deployment

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// Certificate is one certificate file of CODER_TLS_CERT_FILE.
type Certificate struct {
	Path string `json:"path"`
	// InInput says that the file is in the input.
	InInput bool `json:"inInput,omitempty"`
	// Absent says that what should hold the file is in the input, and does not.
	Absent bool `json:"absent,omitempty"`
	// PEM are the certificates of the file, which are public.
	PEM []byte `json:"pem,omitempty"`
	// What names the object that should hold it.
	What string `json:"what"`
}

// FileOfHost is how What begins for a file of a host without Kubernetes, whose
// content no input holds.
const FileOfHost = "the file system of host "

const certificateBlock = "CERTIFICATE"

// NewCertificate is a file of the input. It keeps the certificates of the file, and leaves out whatever else
// it holds, such as a private key.
func NewCertificate(path, what string, content []byte) Certificate {
	c := Certificate{Path: path, What: what, InInput: true}
	for rest := content; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return c
		}
		if block.Type == certificateBlock {
			c.PEM = append(c.PEM, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: block.Bytes})...)
		}
	}
}

// Leaf is the first certificate of the file, the one that is served. An error is
// a clause that continues "the file is in Secret x, ".
func (c Certificate) Leaf() (*x509.Certificate, error) {
	if c.Absent {
		return nil, errors.New("which has no such file")
	}
	if !c.InInput {
		return nil, errors.New("which is not in the input")
	}
	block, _ := pem.Decode(c.PEM)
	if block == nil {
		return nil, errors.New("which holds no certificate")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errors.New("which holds no readable certificate")
	}
	return leaf, nil
}

// Names lists the names of a certificate, for people.
func Names(leaf *x509.Certificate) string {
	names := leaf.DNSNames
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name"
	}
	return strings.Join(names, ", ")
}
