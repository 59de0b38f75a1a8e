//go:build unix

// Package early makes the process that is started a guard, and starts the worker,
// see package guard. Only the program itself may import it.
//
// Go initializes packages in the order of their paths, each once those that it
// imports are initialized. This one imports so little that it comes before nearly
// all others: they take a quarter of a short run, and the guard needs none of them.
// It stays without fmt, strings and os/exec for that reason; with another order all
// would be the same, but slower.
package early

import (
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// sign is the variable that tells a worker from a guard; its value is the guard's
// process.
const sign = "CODER_HA_GUARD"

// exitUnable is the exit code of the Go runtime, and of work that could not be done,
// as in package run.
const exitUnable = 2

var (
	// Trace leads a worker to its guard, nil without a guard.
	Trace io.Writer
	// Lost is the end of a worker that may not have been its own doing, for the
	// guard to explain. It is nil in the process that does the work.
	Lost *End
)

// End is how a worker ended.
type End struct {
	// State is nil where the worker was lost.
	State *os.ProcessState
	// Written is what it wrote to its guard, or the beginning of it.
	Written string
}

// The guard does its work here, and not in main. If it has to explain an end, it
// goes on to main, which has all packages for that.
func init() {
	guarded := os.Getenv(sign) == strconv.Itoa(os.Getppid())
	_ = os.Unsetenv(sign)
	if guarded {
		beWorker()
		return
	}
	end, guarded := supervise()
	if !guarded {
		return
	}
	if code, plain := exitCode(end.State); plain {
		os.Exit(code)
	}
	Lost = &end
}

// terminal is the worker's number of the guard's standard error: the first after the
// three that each process has.
const terminal = 3

// beWorker takes the terminal for all that the program says. Its own number for
// standard error stays with the runtime, which knows no other.
func beWorker() {
	Trace = os.Stderr
	syscall.CloseOnExec(terminal)
	os.Stderr = os.NewFile(terminal, "/dev/stderr")
	_ = os.Unsetenv(gcPercent)
}

// gcPercent is the variable by which the runtime is told how much garbage to leave.
// The ceiling of the memory makes it safe to leave much, which saves a sixth of the
// time of a short run.
const gcPercent = "GOGC"

// supervise runs the worker to its end. Where none can be started, this process has
// to do without a guard.
func supervise() (end End, guarded bool) {
	self, err := os.Executable()
	if err != nil {
		return End{}, false
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return End{}, false
	}
	env := append(os.Environ(), sign+"="+strconv.Itoa(os.Getpid()))
	if _, set := os.LookupEnv(gcPercent); !set {
		env = append(env, gcPercent+"=400")
	}
	signals := make(chan os.Signal, 8)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	worker, err := os.StartProcess(self, os.Args, &os.ProcAttr{
		Env: env, Files: []*os.File{os.Stdin, os.Stdout, writer, os.Stderr}, Sys: workerAttributes(),
	})
	_ = writer.Close()
	if err != nil {
		_ = reader.Close()
		signal.Reset()
		return End{}, false
	}
	go passOn(signals, worker)
	written := make(chan string, 1)
	go func() { written <- lastWords(reader) }()
	state, _ := worker.Wait()
	_ = reader.SetReadDeadline(time.Now().Add(patience))
	return End{State: state, Written: <-written}, true
}

// patience is how long the guard waits for the end of what the worker wrote.
const patience = 200 * time.Millisecond

// mostWords is how much of a trace is kept, in bytes: its beginning says what
// happened.
const mostWords = 64 << 10

// lastWords reads to the end, and keeps the beginning.
func lastWords(from io.Reader) string {
	kept, _ := io.ReadAll(io.LimitReader(from, mostWords))
	_, _ = io.Copy(io.Discard, from)
	return string(kept)
}

// exitCode is that of a worker that ended as it or whoever sent it a signal wanted.
// Such an end needs no words.
func exitCode(state *os.ProcessState) (code int, plain bool) {
	if state == nil {
		return 0, false
	}
	status, known := state.Sys().(syscall.WaitStatus)
	switch {
	case !known || !status.Signaled():
		return state.ExitCode(), state.ExitCode() != exitUnable
	case status.Signal() == syscall.SIGPIPE, status.Signal() == syscall.SIGINT,
		status.Signal() == syscall.SIGTERM, status.Signal() == syscall.SIGHUP:
		return 128 + int(status.Signal()), true
	default:
		return 0, false
	}
}

// passOn gives the worker the signals that only the guard got, and a request to end
// when the guard's own parent has ended. What is typed at a terminal reaches both.
func passOn(signals <-chan os.Signal, to *os.Process) {
	parent := os.Getppid()
	orphaned := time.NewTicker(patience)
	defer orphaned.Stop()
	for {
		select {
		case s := <-signals:
			if typed := s == os.Interrupt || s == syscall.SIGQUIT; !typed || !inForeground() {
				_ = to.Signal(s)
			}
		case <-orphaned.C:
			if os.Getenv("HELM_PLUGIN_DIR") != "" && os.Getppid() != parent {
				_ = to.Signal(syscall.SIGTERM)
				parent = os.Getppid()
			}
		}
	}
}
