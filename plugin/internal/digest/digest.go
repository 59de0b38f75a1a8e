// Package digest makes digests of secrets: equal for equal texts within one run,
// and useless for guessing a text without the key of that run.
package digest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// Key is the key of one run. It is never saved.
type Key []byte

// NewKey makes a key.
func NewKey() Key {
	key := make(Key, sha256.Size)
	// Read never fails and always fills the key, by its documentation.
	_, _ = rand.Read(key)
	return key
}

// Of is the digest of a text, in hex.
func (k Key) Of(text string) string { return hex.EncodeToString(k.Bytes(text)) }

// Bytes is the digest of a text: the first half of an HMAC-SHA-256.
func (k Key) Bytes(text string) []byte {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(text))
	return mac.Sum(nil)[:sha256.Size/2]
}
