package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/ProtonMail/go-crypto/openpgp"
	"helm.sh/helm/v4/pkg/provenance"
)

// keyFile is the public key that the release is verified with, as a keyring.
const keyFile = "signing-key.gpg"

// key signs a release, or is only named by it.
type key struct{ signatory *provenance.Signatory }

var errPassphrase = errors.New("the key has a passphrase: name a file that holds it in SIGN_PASSPHRASE_FILE")

// openKey finds the key that the environment names. It is nil where none is named.
func openKey() (*key, error) {
	name, keyring := os.Getenv("SIGN_KEY"), os.Getenv("SIGN_KEYRING")
	if name == "" {
		return publishedKey(os.Getenv("PUBLISHED_KEY"))
	}
	if keyring == "" {
		return nil, errors.New("SIGN_KEY is set: name in SIGN_KEYRING the keyring that holds it, as gpg --export-secret-keys writes it")
	}
	signatory, err := provenance.NewFromKeyring(keyring, name)
	if err != nil {
		return nil, fmt.Errorf("find the key %q in the keyring %s: %w", name, keyring, err)
	}
	passphrase := func(string) ([]byte, error) { return nil, errPassphrase }
	if file := os.Getenv("SIGN_PASSPHRASE_FILE"); file != "" {
		passphrase = func(string) ([]byte, error) {
			text, err := os.ReadFile(file)
			return bytes.TrimRight(text, "\r\n"), err
		}
	}
	if err := signatory.DecryptKey(passphrase); err != nil {
		return nil, fmt.Errorf("open the key %q: %w", name, err)
	}
	return &key{signatory}, nil
}

// publishedKey reads the public key of a release that was signed elsewhere.
func publishedKey(file string) (*key, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read PUBLISHED_KEY: %w", err)
	}
	defer text.Close()
	keys, err := openpgp.ReadKeyRing(text)
	if err != nil || len(keys) != 1 {
		return nil, fmt.Errorf("PUBLISHED_KEY names %s: want the %s of a release: %w", file, keyFile, err)
	}
	return &key{&provenance.Signatory{Entity: keys[0]}}, nil
}

// signs is false for a key that is only named.
func (k *key) signs() bool { return k != nil && k.signatory.Entity.PrivateKey != nil }

// provenance is what lies beside an archive for Helm to verify it with.
func (k *key) provenance(name string, text, metadata []byte) ([]byte, error) {
	signed, err := k.signatory.ClearSign(text, name, metadata)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", name, err)
	}
	return []byte(signed), nil
}

// signature is one for gpg, in its own file.
func (k *key) signature(text []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&out, k.signatory.Entity, bytes.NewReader(text), nil); err != nil {
		return nil, fmt.Errorf("sign the digests: %w", err)
	}
	return append(out.Bytes(), '\n'), nil
}

func (k *key) public() ([]byte, error) {
	var out bytes.Buffer
	if err := k.signatory.Entity.Serialize(&out); err != nil {
		return nil, fmt.Errorf("write the public key: %w", err)
	}
	return out.Bytes(), nil
}

func (k *key) fingerprint() string {
	return fmt.Sprintf("%X", k.signatory.Entity.PrimaryKey.Fingerprint)
}
