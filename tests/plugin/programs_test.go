package plugin_test

import (
	"fmt"
	"os"

	"k8s.io/kubectl/pkg/cmd"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// programs are what this test program is under another name: the manual's commands
// call kubectl and kustomize, and both are libraries.
var programs = map[string]func() error{
	"kubectl":   func() error { return cmd.NewDefaultKubectlCommand().Execute() },
	"kustomize": kustomize,
}

// kustomize is `kustomize build FOLDER`.
func kustomize() error {
	if len(os.Args) != 3 || os.Args[1] != "build" {
		return fmt.Errorf("kustomize: only build FOLDER is known here, not %q", os.Args[1:])
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), os.Args[2])
	if err != nil {
		return err
	}
	text, err := built.AsYaml()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}
