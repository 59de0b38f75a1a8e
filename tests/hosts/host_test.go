//go:build hosts && linux

package hosts

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// host is a machine of its own as far as coderd can tell: a systemd in namespaces of
// its own, which starts coderd by the files that were rendered.
type host struct {
	name string
	// systemd is its first process, as this machine numbers it.
	systemd int
	log     *bytes.Buffer
}

// unit is what matters of the unit of Coder's package
// (coder/coder scripts/linux-pkg/coder.service).
const unit = `[Unit]
ConditionFileNotEmpty=/etc/coder.d/coder.env
DefaultDependencies=no

[Service]
Type=%s
EnvironmentFile=/etc/coder.d/coder.env
RuntimeDirectory=coder
Environment=HOME=/run/coder CACHE_DIRECTORY=/run/coder
ExecStart=%s server
Restart=on-failure
RestartSec=1
KillSignal=SIGINT
KillMode=mixed
StandardOutput=append:%s
StandardError=inherit
`

// boot makes a systemd the first process of its namespaces. Its /etc is a layer of
// its own over that of this machine.
const boot = `set -eu
root=/sys/fs/cgroup/systemd
[ -d "$root" ] || root=/sys/fs/cgroup
mkdir -p "$root/$GROUP"
sh -c 'echo $PPID' >"$root/$GROUP/cgroup.procs"
exec ip netns exec "$NAMESPACE" unshare --pid --fork --kill-child --mount --cgroup --ipc --uts sh -c '
	mount --make-rprivate /
	mount -t proc proc /proc
	mount -t tmpfs tmpfs /run
	mkdir -p /run/systemd/system /run/etc/upper /run/etc/work
	mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work /etc
	echo "$HOST" >/etc/hostname
	hostname "$HOST"
	mkdir -p /etc/coder.d
	cp "$FILES/$HOST.env" /etc/coder.d/coder.env
	cp "$FILES/../secrets.env" /etc/coder.d/
	echo "$BALANCER coder.example.com" >>/etc/hosts
	cp "$FILES/$HOST.service" /run/systemd/system/coder.service
	cp -r "$FILES/coder.service.d" /run/systemd/system/
	exec env -i PATH="$PATH" container=coder-ha-tests /usr/lib/systemd/systemd --system --unit=coder.service --log-level=notice --log-target=console --show-status=no
'
`

// startHost starts a host by the files of a folder.
func startHost(t *testing.T, namespace, name, files, program, kind string) *host {
	t.Helper()
	h := &host{name: name, log: &bytes.Buffer{}}
	log := filepath.Join(files, name+".log")
	text := fmt.Sprintf(unit, kind, program, log)
	require.NoError(t, os.WriteFile(filepath.Join(files, name+".service"), []byte(text), 0o600))
	group := namespace
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", boot)
	cmd.Env = append(os.Environ(), "GROUP="+group, "NAMESPACE="+namespace, "HOST="+name, "FILES="+files, "BALANCER="+lanPrefix+"1")
	cmd.Stdout, cmd.Stderr = h.log, h.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			said, _ := os.ReadFile(log)
			t.Logf("%s: systemd:\n%s\ncoderd:\n%s", name, h.log.String(), said)
		}
		run(t, "sh", "-c", `for root in /sys/fs/cgroup/systemd /sys/fs/cgroup; do
			[ -d "$root/$1" ] || continue
			for try in 1 2 3 4 5 6 7 8 9 10; do
				find "$root/$1" -depth -type d -exec rmdir {} + 2>/dev/null && break
				timeout 0.2 tail -f /dev/null || true
			done
		done`, "sh", group)
	})
	h.await(t, cmd.Process.Pid)
	return h
}

// await waits until systemd is there.
func (h *host) await(t *testing.T, shell int) {
	t.Helper()
	require.Eventually(t, func() bool {
		// unshare is the process that was started; systemd is its child.
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", shell, shell))
		if err != nil {
			return false
		}
		if _, err := fmt.Sscan(string(children), &h.systemd); err != nil {
			return false
		}
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", h.systemd))
		return err == nil && strings.TrimSpace(string(name)) == "systemd"
	}, 30*time.Second, 50*time.Millisecond, "systemd of %s does not start", h.name)
}

// systemctl runs systemctl on the host.
func (h *host) systemctl(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, "nsenter", append(h.inside("systemctl"), args...)...)
}

// inside are the words with which nsenter runs a program on the host.
func (h *host) inside(program string) []string {
	return []string{"--target", fmt.Sprint(h.systemd), "--pid", "--mount", "--net", "--uts", "--ipc", "--cgroup", program}
}
