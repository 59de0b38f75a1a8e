package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
)

// reaper starts the programs of a namespace and, being PID 1 there, collects
// every process that ends in it, orphans too.
type reaper struct {
	logs     string
	mu       sync.Mutex
	children map[int]*child
}

// child is a started program.
type child struct {
	name string
	pid  int
	// ended is closed when the program has ended; status is valid then.
	ended  chan struct{}
	status syscall.WaitStatus
}

func newReaper(logs string) *reaper {
	r := &reaper{logs: logs, children: map[int]*child{}}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	go func() {
		for range signals {
			r.collect()
		}
	}()
	return r
}

func (r *reaper) collect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if pid <= 0 {
			return
		}
		if c := r.children[pid]; c != nil {
			c.status = status
			close(c.ended)
			delete(r.children, pid)
		}
	}
}

// start runs a program with its output in NAME.log.
func (r *reaper) start(name, program string, args ...string) (*child, error) {
	return r.startAs(program, name, nil, nil, program, args...)
}

func (r *reaper) startAs(argv0, name string, attr *syscall.SysProcAttr, extra []*os.File, program string, args ...string) (*child, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", program, err)
	}
	log, err := os.OpenFile(filepath.Join(r.logs, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", os.DevNull, err)
	}
	defer null.Close()
	files := []uintptr{null.Fd(), log.Fd(), log.Fd()}
	for _, f := range extra {
		files = append(files, f.Fd())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := syscall.ForkExec(path, append([]string{argv0}, args...), &syscall.ProcAttr{Env: os.Environ(), Files: files, Sys: attr})
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	c := &child{name: name, pid: pid, ended: make(chan struct{})}
	r.children[pid] = c
	return c, nil
}

// run starts a program and waits for it to end well.
func (r *reaper) run(name, program string, args ...string) error {
	c, err := r.start(name, program, args...)
	if err != nil {
		return err
	}
	<-c.ended
	if c.status.ExitStatus() != 0 {
		return c.failure()
	}
	return nil
}

func (c *child) failure() error {
	return fmt.Errorf("%s ended with %s: see %s.log", c.name, statusText(c.status), c.name)
}

func statusText(s syscall.WaitStatus) string {
	if s.Signaled() {
		return "signal " + s.Signal().String()
	}
	return fmt.Sprintf("exit code %d", s.ExitStatus())
}

// firstEnd returns when one of the programs has ended, with its failure.
func firstEnd(programs []*child) error {
	ends := make(chan *child, len(programs))
	for _, c := range programs {
		go func() {
			<-c.ended
			ends <- c
		}()
	}
	return (<-ends).failure()
}

// startRole starts a further run of this program in another role.
func (r *reaper) startRole(role, name string, attr *syscall.SysProcAttr, gate *os.File, args ...string) (*child, error) {
	return r.startAs(role, name, attr, []*os.File{gate}, "/proc/self/exe", args...)
}
