package deployment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// LocalEnd is where a connection of a replica to its own host leads.
type LocalEnd struct {
	// Elsewhere says that a proxy in the pod takes it to a shared database.
	Elsewhere bool
	// Why says what may take it elsewhere and is not known, and Proof what would make
	// it known.
	Why, Proof string
}

// databaseServers are parts of the names of images that are a database themselves.
var databaseServers = []string{"postgres", "timescale", "spilo", "cockroach", "yugabyte"}

// otherProxies are proxies that lead to no database.
var otherProxies = []string{"oauth2-proxy", "kube-rbac-proxy", "istio", "proxyv2", "linkerd", "nginx", "traefik"}

// LocalEnd finds what takes connections to a local host. In a pod that is a sidecar,
// which may be put there only when the pod is made; it is never another machine.
func (p *Pod) LocalEnd(host pgurl.Host) LocalEnd {
	if p == nil {
		return LocalEnd{}
	}
	if p.DatabaseProxy() != "" {
		return LocalEnd{Elsewhere: !host.Socket() || p.mounts(host.Name)}
	}
	if len(p.LocalProxies) > 0 {
		return LocalEnd{
			Why:   p.LocalProxies[0] + " puts a proxy into the pods when they are made, and where that leads is not in the input",
			Proof: "look at the containers of a running pod",
		}
	}
	for _, c := range p.Running() {
		base := imageName(c.Image)
		if c.Name == p.CoderContainer().Name || partOf(base, databaseServers) || partOf(c.Image+" "+c.Name, otherProxies) {
			continue
		}
		listens := slices.ContainsFunc(c.Ports, func(port ContainerPort) bool { return port.ContainerPort == host.Port })
		if listens && !host.Socket() || partOf(base+" "+c.Name, []string{"proxy", "tunnel", "bastion", "socat"}) {
			return LocalEnd{
				Why:   fmt.Sprintf("container %s may take the connection to a database elsewhere", c.Name),
				Proof: "look at what it connects to",
			}
		}
	}
	return LocalEnd{}
}

// mounts says whether coderd's container mounts a volume that holds the path.
func (p *Pod) mounts(path string) bool {
	return slices.ContainsFunc(p.CoderContainer().MountPaths, func(mount string) bool {
		dir := strings.TrimSuffix(mount, "/")
		return path == dir || strings.HasPrefix(path, dir+"/")
	})
}

// imageName is the last part of an image's name, without tag and digest.
func imageName(image string) string {
	repo, _, _ := strings.Cut(image, "@")
	base, _, _ := strings.Cut(repo[strings.LastIndex(repo, "/")+1:], ":")
	return base
}

func partOf(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
