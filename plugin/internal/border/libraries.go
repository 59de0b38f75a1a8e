package border

import (
	"bufio"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// mostTalk is how many lines of what libraries write are shown.
const mostTalk = 100

// talkEnds is how long is waited for the last line of a program that a library
// started, and that may have been left behind.
const talkEnds = 200 * time.Millisecond

// Libraries sends through w what libraries write around it: to the standard
// streams, as do the credential plugins of a kubeconfig that they start, and to
// the standard logger. Each line is indented, and so none passes for one of ours.
// The logger of Kubernetes' client is silent: what goes wrong is an error too, and it
// logs as well that a stream ended which was to end. The function that is returned ends
// that.
func Libraries(w *Writer) (end func()) {
	quiet()
	reader, writer, err := os.Pipe()
	if err != nil {
		// Without a pipe nothing of theirs is shown.
		log.SetOutput(io.Discard)
		return func() {}
	}
	stdout, stderr, logger := os.Stdout, os.Stderr, log.Writer()
	os.Stdout, os.Stderr = writer, writer
	log.SetOutput(writer)
	done := make(chan struct{})
	go func() {
		defer close(done)
		passOn(w, reader)
	}()
	return func() {
		os.Stdout, os.Stderr = stdout, stderr
		log.SetOutput(logger)
		_ = writer.Close()
		select {
		case <-done:
		case <-time.After(talkEnds):
		}
		_ = reader.Close()
	}
}

var quiet = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) })

// passOn writes the lines of a stream, as many as are shown.
func passOn(w *Writer, from io.Reader) {
	lines := bufio.NewReader(io.LimitReader(from, mostTalk*longestLine))
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if text := strings.TrimRight(line, "\r\n"); text != "" {
			switch {
			case n < mostTalk:
				_, _ = io.WriteString(w, "  "+Line(Clean(text, w.known))+"\n")
			case n == mostTalk:
				_, _ = io.WriteString(w, "  … (more of this is left out)\n")
			}
		}
		if err != nil {
			break
		}
	}
	_, _ = io.Copy(io.Discard, from)
}
