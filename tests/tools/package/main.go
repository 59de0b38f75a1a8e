// Command package writes what a release publishes; `make package` builds what it
// needs and runs it. docs/contributing/releasing.md says what the files are for.
//
//	package VERSION DIST PLATFORM...
//
// The same source gives the same files: their times are that of the last commit,
// or SOURCE_DATE_EPOCH. Only signatures differ. They are made when SIGN_KEY names
// a key of the keyring SIGN_KEYRING, a legacy one as `gpg --export-secret-keys`
// writes it; SIGN_PASSPHRASE_FILE holds its passphrase, where it has one. The chart
// names the key: who builds a signed release again gives the public key that it
// published as PUBLISHED_KEY.
package main

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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

// source is the checkout that a release is made of.
type source struct {
	root    string
	version string
	at      time.Time
}

func run(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return errors.New("want arguments: VERSION DIST PLATFORM")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	at, err := moment(ctx, root)
	if err != nil {
		return err
	}
	key, err := openKey()
	if err != nil {
		return err
	}
	dist := args[1]
	if !filepath.IsAbs(dist) {
		dist = filepath.Join(root, dist)
	}
	src := source{root: root, version: args[0], at: at}
	out := &release{key: key}
	if err := src.plugin(out, args[2:]); err != nil {
		return err
	}
	if err := src.chart(out); err != nil {
		return err
	}
	image, err := src.container(out, args[2:])
	if err != nil {
		return err
	}
	if err := src.listings(out); err != nil {
		return err
	}
	if err := out.write(dist); err != nil {
		return err
	}
	if err := src.layouts(ctx, out, dist); err != nil {
		return err
	}
	if image != nil {
		if err := image.write(ctx, filepath.Join(dist, "oci", containerName), src.version); err != nil {
			return fmt.Errorf("write the OCI layout of the image: %w", err)
		}
	}
	for _, file := range out.files {
		fmt.Printf("%11d  %s\n", len(file.text), filepath.Join(args[1], file.name))
	}
	return nil
}

// moment is the time that the files of the release get.
func moment(ctx context.Context, root string) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		git := exec.CommandContext(ctx, "git", "-C", root, "log", "-1", "--format=%ct")
		out, err := git.Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("ask git for the time of the last commit: %w; outside a clone, set SOURCE_DATE_EPOCH", err)
		}
		text = string(out)
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q: want the seconds since 1970", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
