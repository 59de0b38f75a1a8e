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
// where nothing arrives, and with *ExceededError where too much does. The error of a
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
		return nil, &ExceededError{path, limit}
	}
	return Await(ctx, path, func() ([]byte, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return read(file, path, limit)
	})
}

// Plain looks at a file that a library will read: its size, and that it is no
// device without end. A file that is not there is left to the library.
func Plain(path string, limit Limit) error {
	if info, err := os.Stat(path); err == nil && path != os.DevNull {
		switch {
		case info.Mode()&fs.ModeDevice != 0:
			return fmt.Errorf("%s: it is a device, not a file", path)
		case info.Mode().IsRegular() && info.Size() > limit.Most:
			return &ExceededError{path, limit}
		}
	}
	return nil
}

// Stdin is how people are told of standard input.
const Stdin = "(standard input)"

// ReadInput reads a file, or the stream where the path is "-".
func ReadInput(ctx context.Context, path string, in io.Reader, limit Limit) ([]byte, error) {
	if path == "-" {
		return Read(ctx, in, Stdin, limit)
	}
	return ReadFile(ctx, path, limit)
}

// Read reads a stream, such as standard input, to its end, in the same way. The
// name is for people. A read that the context leaves behind still holds the
// reader: use it for nothing else.
func Read(ctx context.Context, r io.Reader, name string, limit Limit) ([]byte, error) {
	return Await(ctx, name, func() ([]byte, error) { return read(r, name, limit) })
}

func read(r io.Reader, name string, limit Limit) ([]byte, error) {
	var text bytes.Buffer
	text.Grow(int(min(sizeOf(r), limit.Most)) + bytes.MinRead)
	n, err := io.Copy(&text, io.LimitReader(r, limit.Most+1))
	_, named := errors.AsType[*fs.PathError](err)
	switch {
	case named:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case n > limit.Most:
		return nil, &ExceededError{name, limit}
	}
	return text.Bytes(), nil
}

// sizeOf is the size of what a reader reads, in bytes, 0 where it is not known.
func sizeOf(r io.Reader) int64 {
	file, ok := r.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return 0
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}
