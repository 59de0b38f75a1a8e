package limits

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadFile reads a file, a named pipe or a device. It ends with the context even
// where nothing arrives, and with *Exceeded where too much does. The error of a
// file that is not there is fs.ErrNotExist.
func ReadFile(ctx context.Context, path string, limit Limit) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return nil, fmt.Errorf("%s: it is a directory, not a file", path)
	case info.Mode().IsRegular() && info.Size() > limit.Most:
		return nil, &Exceeded{path, limit}
	}
	return arrive(ctx, path, func() ([]byte, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return read(file, path, limit)
	})
}

// Read reads a stream, such as standard input, to its end, in the same way. The
// name is for people. A read that the context leaves behind still holds the
// reader: use it for nothing else.
func Read(ctx context.Context, r io.Reader, name string, limit Limit) ([]byte, error) {
	return arrive(ctx, name, func() ([]byte, error) { return read(r, name, limit) })
}

// arrive does work that takes no notice of the context, and leaves it behind when
// the context ends.
func arrive(ctx context.Context, name string, work func() ([]byte, error)) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := work()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: still waiting for its content: %w", name, context.Cause(ctx))
	}
}

func read(r io.Reader, name string, limit Limit) ([]byte, error) {
	var text bytes.Buffer
	n, err := io.Copy(&text, io.LimitReader(r, limit.Most+1))
	_, named := errors.AsType[*fs.PathError](err)
	switch {
	case named:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case n > limit.Most:
		return nil, &Exceeded{name, limit}
	}
	return text.Bytes(), nil
}
