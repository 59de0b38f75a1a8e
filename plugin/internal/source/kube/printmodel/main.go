// Command printmodel prints the models that the plugin makes of files of
// manifests, one line of JSON for each, or the error. A model is not sealed: it
// holds the secrets of the files. The tests on a cluster build it, to compare
// what the plugin reads with what Kubernetes does.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

func main() {
	namespace := flag.String("namespace", "default", "the namespace of objects that name none")
	flag.Parse()
	out := json.NewEncoder(os.Stdout)
	for _, path := range flag.Args() {
		var line struct {
			Model *deployment.Deployment `json:"model,omitempty"`
			Error string                 `json:"error,omitempty"`
		}
		var err error
		if line.Model, err = read(path, *namespace); err != nil {
			line.Error = err.Error()
		}
		if err := out.Encode(line); err != nil {
			fmt.Fprintln(os.Stderr, "printmodel:", err)
			os.Exit(1)
		}
	}
}

func read(path, namespace string) (*deployment.Deployment, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	objects, err := manifest.Decode(file, path)
	if err != nil {
		return nil, err
	}
	return kube.Build(objects, kube.Options{Namespace: namespace})
}
