package deployment

import (
	"encoding/base64"
	"fmt"
)

// EncryptionKeys is what is known of the keys that encrypt columns of the database,
// without the keys.
type EncryptionKeys struct {
	Count int `json:"count"`
	// Faults are what is wrong with them.
	Faults []KeyFault `json:"faults,omitempty"`
}

// KeyFault is an encryption key that coderd does not take.
type KeyFault struct {
	// Position is that in the list, from 1.
	Position int `json:"position"`
	// Reason completes the sentence "key 1 ...".
	Reason string `json:"reason"`
}

// keySize is that of the cipher, in bytes (coder/coder enterprise/dbcrypt/cipher.go).
const keySize = 32

// newEncryptionKeys reads the keys as coderd does (coder/coder enterprise/cli/server.go).
func newEncryptionKeys(v Value) *EncryptionKeys {
	if _, literal := v.Text.Literal(); v.State != Known || v.Unset() || !literal {
		return nil
	}
	list := v.List()
	keys := &EncryptionKeys{Count: len(list)}
	for i, item := range list {
		key, err := base64.StdEncoding.DecodeString(item)
		switch {
		case err != nil:
			keys.Faults = append(keys.Faults, KeyFault{Position: i + 1, Reason: "is not in base64"})
		case len(key) != keySize:
			keys.Faults = append(keys.Faults, KeyFault{Position: i + 1, Reason: fmt.Sprintf("has %d bytes", len(key))})
		}
	}
	return keys
}
