package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	roleKeeper       = "coder-ha-cluster-keeper"
	roleControlPlane = "coder-ha-cluster-control-plane"
	roleNode         = "coder-ha-cluster-node"
	keeperFile       = "keeper"
)

// Main plays the part of the cluster for which this process was started, and
// does not return then. A program that calls Up calls Main first, in main or
// TestMain, as the cluster's own processes are further runs of that program.
func Main() {
	var play func(dir string, args []string) error
	switch os.Args[0] {
	case roleKeeper:
		play = playKeeper
	case roleControlPlane:
		play = playControlPlane
	case roleNode:
		play = playNode
	default:
		return
	}
	dir := os.Args[1]
	if err := play(dir, os.Args[2:]); err != nil {
		reason := fmt.Sprintf("%s: %v\n", strings.TrimPrefix(os.Args[0], "coder-ha-cluster-"), err)
		fmt.Fprint(os.Stderr, reason)
		_ = os.WriteFile(filepath.Join(dir, failureFile), []byte(reason), 0o600)
		os.Exit(1)
	}
	os.Exit(0)
}

// start writes the cluster's certificates and sets its keeper to work.
func start(ctx context.Context, dir string, l layout, detached bool) (*Cluster, error) {
	if err := writePKI(dir, l); err != nil {
		return nil, err
	}
	logs := logDir(dir)
	if err := errors.Join(os.RemoveAll(logs), os.MkdirAll(logs, 0o755)); err != nil {
		return nil, fmt.Errorf("making the folder of the logs: %w", err)
	}
	out, err := os.Create(filepath.Join(logs, "keeper.log"))
	if err != nil {
		return nil, fmt.Errorf("making the keeper's log: %w", err)
	}
	defer out.Close()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/proc/self/exe", dir)
	cmd.Args[0] = roleKeeper
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c := &Cluster{Kubeconfig: filepath.Join(dir, adminKubeconfig), dir: dir, layout: l}
	if !detached {
		read, write, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("making the keeper's leash: %w", err)
		}
		defer read.Close()
		cmd.ExtraFiles = []*os.File{read}
		cmd.Args = append(cmd.Args, "leashed")
		c.leash = write
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the keeper: %w", err)
	}
	if err := writeKeeper(dir, cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, cmd.Process.Kill())
	}
	// Reaped at once when it ends, so that a dead keeper never looks alive.
	go func() { _ = cmd.Wait() }()
	if c.Client, err = newClient(c.Kubeconfig); err != nil {
		return nil, errors.Join(err, down(dir))
	}
	return c, nil
}

// playKeeper starts the control plane in namespaces of its own, waits for the
// end of the cluster, and removes what the kernel does not.
func playKeeper(dir string, args []string) error {
	l, err := readLayout(dir)
	if err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer cancel()
	if len(args) > 0 {
		go func() {
			_, _ = os.NewFile(3, "leash").Read(make([]byte, 1))
			cancel()
		}()
	}
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making the control plane's leash: %w", err)
	}
	defer write.Close()
	cmd := exec.CommandContext(context.Background(), "/proc/self/exe", dir)
	cmd.Args[0] = roleControlPlane
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{read}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the control plane: %w", err)
	}
	read.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	failure := joinHost(l, cmd.Process.Pid)
	if failure == nil {
		select {
		case <-stop.Done():
		case err := <-ended:
			failure = fmt.Errorf("the control plane ended: %w", err)
			ended <- err
		}
	}
	// The end of PID 1 is the end of every process of the cluster.
	_ = cmd.Process.Kill()
	fmt.Fprintln(os.Stderr, "the control plane ended:", <-ended)
	if failure != nil {
		if _, err := os.Stat(filepath.Join(dir, failureFile)); err == nil {
			failure = nil
		}
		return errors.Join(failure, removeTraces(l))
	}
	return errors.Join(removeTraces(l), os.RemoveAll(dir))
}

// writeKeeper remembers a process by its number and its start time, which
// together are not used twice.
func writeKeeper(dir string, pid int) error {
	began, err := startTime(pid)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, keeperFile), fmt.Appendf(nil, "%d %s\n", pid, began), 0o600); err != nil {
		return fmt.Errorf("remembering the keeper: %w", err)
	}
	return nil
}

// runningKeeper tells whether the cluster in dir has a live keeper.
func runningKeeper(dir string) (int, bool) {
	text, err := os.ReadFile(filepath.Join(dir, keeperFile))
	if err != nil {
		return 0, false
	}
	number, began, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	pid, err := strconv.Atoi(number)
	if err != nil {
		return 0, false
	}
	now, err := startTime(pid)
	return pid, err == nil && now == began
}

// startTime is when a process began, in clock ticks since boot (proc(5)).
func startTime(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", fmt.Errorf("looking at process %d: %w", pid, err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 20 || fields[0] == "Z" {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return fields[19], nil
}

// downTimeout bounds the end of a cluster.
const downTimeout = 30 * time.Second

// down ends the keeper, if there is one, and checks its work.
func down(dir string) error {
	if pid, running := runningKeeper(dir); running {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("watching process %d: %w", pid, err)
		}
		if err == nil {
			defer unix.Close(fd)
			if err := unix.PidfdSendSignal(fd, unix.SIGTERM, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("ending process %d: %w", pid, err)
			}
			if err := waitEnd(fd); err != nil {
				return fmt.Errorf("waiting for process %d to end: %w", pid, err)
			}
		}
	}
	return cleanUp(dir)
}

func waitEnd(pidfd int) error {
	deadline := time.Now().Add(downTimeout)
	for {
		left := time.Until(deadline).Milliseconds()
		if left <= 0 {
			return fmt.Errorf("still there after %s", downTimeout)
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(left))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("polling: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
}

// cleanUp removes what a cluster left whose processes are gone.
func cleanUp(dir string) error {
	l, err := readLayout(dir)
	if errors.Is(err, os.ErrNotExist) {
		return os.RemoveAll(dir)
	}
	if err != nil {
		return err
	}
	return errors.Join(removeTraces(l), os.RemoveAll(dir))
}
