package kube

import (
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// certificates finds the content of the files that CODER_TLS_CERT_FILE names.
func (in *input) certificates(w workload, r deployment.Replica) []deployment.Certificate {
	files := r.Env(coder.TLSCertFile)
	if !files.Set() {
		return nil
	}
	var found []deployment.Certificate
	for _, name := range files.List() {
		file := in.file(w, name)
		certificate := deployment.Certificate{Path: name, What: file.What, Absent: file.Absent}
		if file.Known {
			certificate = deployment.NewCertificate(name, file.What, file.Content)
		}
		found = append(found, certificate)
	}
	return found
}
