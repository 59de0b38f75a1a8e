// Package release_test looks at what `make package` writes, as those do who
// download it: with the real Helm 3 and Helm 4, from files and from servers.
package release_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

const (
	// signer and passphrase are those of the key that signs in these tests.
	signer     = "coder-ha tests"
	passphrase = "A passphrase of the tests"
	// patience ends a process that hangs; nothing here takes a quarter of it.
	patience = 60 * time.Second
)

// platform is the only one that these tests package for.
var platform = runtime.GOOS + "-" + runtime.GOARCH

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "coder-ha-release-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// scratch is a folder for what all tests share.
var scratch string

// release is a folder with what a release publishes, and the key that it is signed
// with.
type release struct {
	dist    string
	version string
	key     *openpgp.Entity
}

// signed packages this checkout once, with a key.
var signed = sync.OnceValues(func() (release, error) {
	key, err := openpgp.NewEntity(signer, "", "tests@example.com", nil)
	if err != nil {
		return release{}, err
	}
	secrets, words := filepath.Join(scratch, "secring.gpg"), filepath.Join(scratch, "passphrase")
	if err := writeSecret(key, secrets); err != nil {
		return release{}, err
	}
	if err := os.WriteFile(words, []byte(passphrase+"\n"), 0o600); err != nil {
		return release{}, err
	}
	root, err := checkout.Path(".")
	if err != nil {
		return release{}, err
	}
	about, err := os.ReadFile(filepath.Join(root, "charts", "coder", "Chart.yaml"))
	if err != nil {
		return release{}, err
	}
	version := regexp.MustCompile(`(?m)^version: (.*)$`).FindSubmatch(about)
	if version == nil {
		return release{}, errors.New("charts/coder/Chart.yaml has no version")
	}
	dist := filepath.Join(scratch, "dist")
	err = pack(root, dist, "SIGN_KEY="+signer, "SIGN_KEYRING="+secrets, "SIGN_PASSPHRASE_FILE="+words)
	return release{dist: dist, version: string(version[1]), key: key}, err
})

// writeSecret writes a keyring with a key behind its passphrase.
func writeSecret(key *openpgp.Entity, to string) error {
	if err := key.EncryptPrivateKeys([]byte(passphrase), nil); err != nil {
		return err
	}
	file, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	return key.SerializePrivateWithoutSigning(file, nil)
}

// pack runs `make package` in a checkout for this machine's platform only.
func pack(root, dist string, environment ...string) error {
	build := exec.CommandContext(context.Background(), "make", "-C", root, "--no-print-directory", "package", "DIST="+dist, "PLATFORMS="+platform)
	build.Env = append(os.Environ(), environment...)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("make package in %s: %w\n%s", root, err, out)
	}
	return nil
}

// published is the release that all tests look at.
func published(t *testing.T) release {
	t.Helper()
	r, err := signed()
	require.NoError(t, err)
	return r
}

// path is a file of the release, by its name with VERSION in place of the version.
func (r release) path(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(r.dist, strings.Replace(name, "VERSION", r.version, 1))
	require.FileExists(t, path)
	return path
}

// public writes the keyring of who verifies, with the key of the test itself.
func (r release) public(t *testing.T) string {
	t.Helper()
	return keyring(t, r.key)
}

func keyring(t *testing.T, key *openpgp.Entity) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pubring.gpg")
	file, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, key.Serialize(file))
	require.NoError(t, file.Close())
	return path
}

// serve offers the files over HTTP.
func (r release) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if filepath.Ext(request.URL.Path) == ".tgz" {
			// Helm 3 knows an archive by its content type.
			w.Header().Set("Content-Type", "application/gzip")
		}
		http.ServeFile(w, request, filepath.Join(r.dist, filepath.Base(request.URL.Path)))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// helm is one Helm with folders of its own.
type helm struct {
	path string
	home string
}

func helm3(t *testing.T) helm { return newHelm(t, checkout.Helm3) }
func helm4(t *testing.T) helm { return newHelm(t, checkout.Helm4) }

func newHelm(t *testing.T, find func() (string, error)) helm {
	t.Helper()
	path, err := find()
	require.NoError(t, err)
	return helm{path: path, home: t.TempDir()}
}

// underBothHelms runs a test under Helm 3 and under Helm 4.
func underBothHelms(t *testing.T, test func(t *testing.T, h helm)) {
	t.Helper()
	t.Run("Helm 3", func(t *testing.T) { test(t, helm3(t)) })
	t.Run("Helm 4", func(t *testing.T) { test(t, helm4(t)) })
}

func (h helm) run(t *testing.T, args ...string) command.Result {
	t.Helper()
	return start(t, command.Command{Path: h.path, Args: args, Env: command.Environment(h.home)})
}

// must is run, for what has to succeed.
func (h helm) must(t *testing.T, args ...string) string {
	t.Helper()
	got := h.run(t, args...)
	require.Equal(t, 0, got.Code, "%v: %s", args, got.Stderr)
	return got.Stdout
}

func start(t *testing.T, c command.Command) command.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	result, err := c.Run(ctx)
	require.NoError(t, err, "%s\n%s", result.Stdout, result.Stderr)
	return result
}
