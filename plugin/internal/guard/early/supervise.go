//go:build unix

// Package early makes the process that is started a guard, and starts the worker,
// see package guard. Only the program itself may import it.
package early

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/guard"
)

// sign is the variable that tells a worker from a guard; its value is the guard's
// process.
const sign = "CODER_HA_GUARD"

// exitUnable is the exit code of work that could not be done, as in package run.
const exitUnable = 2

// The guard does its work here, and not in main: Go initializes the packages of
// libraries after this one, which takes a third of a short run, and the guard
// needs none of them. With another order all would be the same, but slower.
func init() {
	guarded := os.Getenv(sign) == strconv.Itoa(os.Getppid())
	_ = os.Unsetenv(sign)
	if guarded {
		beWorker()
		return
	}
	if code, guarded := supervise(); guarded {
		os.Exit(code)
	}
	guard.TraceTo(io.Discard)
}

// terminal is the worker's number of the guard's standard error: the first of
// exec.Cmd.ExtraFiles.
const terminal = 3

// beWorker takes the terminal for all that the program says. Its own number for
// standard error stays with the runtime, which knows no other.
func beWorker() {
	guard.TraceTo(os.Stderr)
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
func supervise() (code int, guarded bool) {
	self, err := os.Executable()
	if err != nil {
		return 0, false
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return 0, false
	}
	env := append(os.Environ(), sign+"="+strconv.Itoa(os.Getpid()))
	if _, set := os.LookupEnv(gcPercent); !set {
		env = append(env, gcPercent+"=400")
	}
	cmd := &exec.Cmd{
		Path: self, Args: os.Args, Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: writer,
		ExtraFiles: []*os.File{os.Stderr}, SysProcAttr: workerAttributes(),
	}
	signals := make(chan os.Signal, 8)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	if err := cmd.Start(); err != nil {
		signal.Reset()
		return 0, false
	}
	_ = writer.Close()
	go passOn(signals, cmd.Process)
	written := make(chan string, 1)
	go func() { written <- lastWords(reader) }()
	err = cmd.Wait()
	_ = reader.SetReadDeadline(time.Now().Add(patience))
	return ended(err, cmd.ProcessState, <-written), true
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

// ended is the exit code, after a sentence where the worker did not end by itself.
func ended(err error, state *os.ProcessState, written string) int {
	failed, ok := errors.AsType[*exec.ExitError](err)
	if err != nil && !ok {
		return say("stopped: the process that does the work was lost")
	}
	if !ok {
		return 0
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		switch s := status.Signal(); s {
		case syscall.SIGPIPE, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP:
			// Whoever sent it, or stopped reading, wants no words.
			return 128 + int(s)
		case syscall.SIGKILL:
			return say("stopped by the system or by another process: it may lack memory")
		default:
			return say(guard.Sentence(written))
		}
	}
	if code := failed.ExitCode(); code != exitUnable || !guard.Traced(written) {
		return code
	}
	return say(guard.Sentence(written))
}

func say(what string) int {
	_, _ = os.Stderr.WriteString("coder-ha: " + what + "\n")
	return exitUnable
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
