package main

import (
	"crypto/x509"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// trustPublicRoots adds the roots of Mozilla to those of the system: an image with
// nothing but the agent has none, and a pod may mount private ones. What the image of
// coderd has is not there. The roots count as those of the system where
// x509usefallbackroots is set, as it is for this program.
func trustPublicRoots() error {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return err
		}
		if root.Constraint == nil {
			roots.AddCert(certificate)
		} else {
			roots.AddCertWithConstraint(certificate, root.Constraint)
		}
	}
	x509.SetFallbackRoots(roots)
	return nil
}
