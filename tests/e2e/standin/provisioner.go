package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// makeCache makes the cache directory, without which coderd and its provisioners do
// not start.
func makeCache() error {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	if err := os.MkdirAll(filepath.Join(dir, "coder"), 0o700); err != nil {
		return fmt.Errorf("mkdir cache directory: %w", err)
	}
	return nil
}

// provision is what can be seen of an external provisioner: it makes its folders, asks
// coderd for work, and ends when it is told to. It never gets any.
func provision(ctx context.Context, getenv func(string) string) error {
	key, psk := getenv("CODER_PROVISIONER_DAEMON_KEY"), getenv("CODER_PROVISIONER_DAEMON_PSK")
	tags := getenv("CODER_PROVISIONERD_TAGS")
	switch {
	case key == "" && psk == "":
		return errors.New("must provide a pre-shared key or provisioner key when not authenticated as a user")
	case key != "" && psk != "":
		return errors.New("cannot provide both provisioner key --key and pre-shared key --psk")
	case key != "" && tags != "":
		return errors.New("cannot provide tags when using provisioner key")
	}
	if err := makeCache(); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "provisionerd")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	fmt.Printf("starting provisioner daemon tags=%s\n", tags)
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for connected := false; ; {
		if err := ask(ctx, getenv("CODER_URL")+"/healthz"); err != nil && ctx.Err() == nil {
			fmt.Println("coderd client failed to dial:", err)
		} else if !connected && ctx.Err() == nil {
			connected = true
			fmt.Println("successfully connected to coderd")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

func ask(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", response.Status)
	}
	return nil
}
