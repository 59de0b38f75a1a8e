package deployment

import (
	"path"
	"strings"
)

// Sharing says whether the pods of a workload see the same files in a volume.
type Sharing string

// The ways in which a volume is shared.
const (
	// OwnVolume: each pod has its own.
	OwnVolume Sharing = ""
	// SharedVolume: all pods have the same one.
	SharedVolume Sharing = "shared"
	// UnclearSharing: what is not in the input decides.
	UnclearSharing Sharing = "unclear"
)

// Mount is a volume that is mounted into coderd's container.
type Mount struct {
	Path string `json:"path"`
	// What names the volume for people: PersistentVolumeClaim coder/cache.
	What    string  `json:"what"`
	Sharing Sharing `json:"sharing,omitempty"`
	// Why says of an unclear volume what decides.
	Why string `json:"why,omitempty"`
	// Part is the folder of the volume that is mounted.
	Part   string `json:"part,omitempty"`
	Origin Origin `json:"origin"`
}

// MountAt is the mount that holds a path in coderd's container; of several that do,
// the kubelet shows the one with the longest path.
func (p *Pod) MountAt(name string) (best Mount, ok bool) {
	for _, m := range p.Mounts {
		dir := strings.TrimSuffix(path.Clean(m.Path), "/") + "/"
		if strings.HasPrefix(path.Clean(name)+"/", dir) && (!ok || len(dir) >= len(best.Path)) {
			best, ok = m, true
			best.Path = dir
		}
	}
	return best, ok
}
