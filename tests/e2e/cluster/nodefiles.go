package cluster

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed files
var files embed.FS

// nodeValues is what the templates under files/ are filled with.
type nodeValues struct {
	Name, NodeIP, PodRange, PodNetwork, DNS string
	Cgroup, CAFile, CNIBin, Kubeconfig      string
	Socket, Any, AnyRoute, PauseImage       string
	LeaseSeconds                            int
}

// PauseImage is the name of the image whose only program keeps a pod's
// namespaces. One of Config.Images has to bring it.
const PauseImage = "docker.io/coder-ha/pause:1"

// writeNodeFiles writes the configuration of a node's programs to etc.
func writeNodeFiles(etc, dir string, l layout, n int) error {
	values := nodeValues{
		Name: l.nodeName(n), NodeIP: l.node(n).String(), PodRange: l.podRange(n).String(), PodNetwork: l.podNetwork().String(),
		DNS: l.controlPlane().String(), Cgroup: "/" + l.cgroup(n), CAFile: filepath.Join(dir, "ca.crt"), CNIBin: l.CNI,
		Kubeconfig: filepath.Join(dir, "proxy.kubeconfig"), Socket: containerdSocket,
		Any: "0.0.0.0", AnyRoute: "0.0.0.0/0", PauseImage: PauseImage,
		// The kubelet renews its lease four times in its duration.
		LeaseSeconds: int(NodeGracePeriod.Seconds()),
	}
	if l.IPv6 {
		values.Any, values.AnyRoute = "::", "::/0"
	}
	for file, target := range map[string]string{
		"containerd.toml": "containerd.toml", "kubelet.yaml": "kubelet.yaml", "kube-proxy.yaml": "kube-proxy.yaml",
		"cni.conflist": "cni/10-pods.conflist", "resolv.conf": "resolv.conf",
	} {
		parsed, err := template.ParseFS(files, "files/"+file)
		if err != nil {
			return fmt.Errorf("reading the template of %s: %w", file, err)
		}
		var text bytes.Buffer
		if err := parsed.Execute(&text, values); err != nil {
			return fmt.Errorf("filling in %s: %w", file, err)
		}
		path := filepath.Join(etc, target)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making the folder of %s: %w", path, err)
		}
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
	}
	return nil
}
