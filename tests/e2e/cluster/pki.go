package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// certificateLife is long enough for a cluster that a person forgot.
const certificateLife = 30 * 24 * time.Hour

// authority signs every certificate of one cluster.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	dir         string
}

const adminKubeconfig = "kubeconfig"

// writePKI makes the cluster's certificates and the kubeconfig files of its
// parts, all in the state directory.
func writePKI(dir string, l layout) error {
	ca, err := newAuthority(dir)
	if err != nil {
		return err
	}
	server := x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost"},
		IPAddresses: []net.IP{
			net.IPv4(127, 0, 0, 1), net.IPv6loopback, l.controlPlane().AsSlice(), l.apiAddress().AsSlice(), l.services().Addr().Next().AsSlice(),
		},
	}
	if _, err := ca.issue("apiserver", server); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the key for service account tokens: %w", err)
	}
	if err := writeKey(filepath.Join(dir, "service-account.key"), key); err != nil {
		return err
	}
	clients := []struct{ file, url, name, group string }{
		{adminKubeconfig, l.hostAPIURL(), "admin", "system:masters"},
		{"control-plane.kubeconfig", l.apiURL(), "control-plane", "system:masters"},
		{"controller-manager.kubeconfig", l.apiURL(), "system:kube-controller-manager", ""},
		{"scheduler.kubeconfig", l.apiURL(), "system:kube-scheduler", ""},
		{"proxy.kubeconfig", l.apiURL(), "system:kube-proxy", ""},
	}
	for n := 1; n <= l.Nodes; n++ {
		clients = append(clients, struct{ file, url, name, group string }{
			l.nodeName(n) + ".kubeconfig", l.apiURL(), "system:node:" + l.nodeName(n), "system:nodes",
		})
	}
	for _, client := range clients {
		if err := ca.writeKubeconfig(client.file, client.url, client.name, client.group); err != nil {
			return err
		}
	}
	return nil
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the cluster's CA key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "coder-ha test cluster"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(certificateLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the cluster's CA: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the cluster's CA: %w", err)
	}
	if err := writePEM(filepath.Join(dir, "ca.crt"), "CERTIFICATE", der); err != nil {
		return nil, err
	}
	return &authority{certificate: certificate, key: key, dir: dir}, nil
}

// issued is a certificate and its key, as PEM.
type issued struct{ certificate, key []byte }

// issue signs a certificate and writes NAME.crt and NAME.key.
func (a *authority) issue(name string, template x509.Certificate) (issued, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issued{}, fmt.Errorf("making the key of %s: %w", name, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return issued{}, fmt.Errorf("making the serial number of %s: %w", name, err)
	}
	template.SerialNumber = serial
	template.NotBefore, template.NotAfter = a.certificate.NotBefore, a.certificate.NotAfter
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, &template, a.certificate, key.Public(), a.key)
	if err != nil {
		return issued{}, fmt.Errorf("signing the certificate of %s: %w", name, err)
	}
	file := filepath.Join(a.dir, name)
	if err := writePEM(file+".crt", "CERTIFICATE", der); err != nil {
		return issued{}, err
	}
	if err := writeKey(file+".key", key); err != nil {
		return issued{}, err
	}
	keyText, err := os.ReadFile(file + ".key")
	if err != nil {
		return issued{}, fmt.Errorf("reading the key of %s: %w", name, err)
	}
	return issued{certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key: keyText}, nil
}

func (a *authority) writeKubeconfig(file, url, user, group string) error {
	subject := pkix.Name{CommonName: user}
	if group != "" {
		subject.Organization = []string{group}
	}
	client, err := a.issue(file, x509.Certificate{Subject: subject, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["coder-ha"] = &clientcmdapi.Cluster{
		Server:                   url,
		CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}),
	}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: client.certificate, ClientKeyData: client.key}
	config.Contexts["coder-ha"] = &clientcmdapi.Context{Cluster: "coder-ha", AuthInfo: user}
	config.CurrentContext = "coder-ha"
	if err := clientcmd.WriteToFile(*config, filepath.Join(a.dir, file)); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
