package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/coder/coder/v2/codersdk"
	"github.com/coder/coder/v2/codersdk/healthsdk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheStandInAnswersInCodersOwnTypes reads what the stand-in of tests/e2e answers.
func TestTheStandInAnswersInCodersOwnTypes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "e2e", "standin", "answers.json"))
	require.NoError(t, err)
	var answers map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &answers))
	types := map[string]any{
		"/api/v2/buildinfo":    &codersdk.BuildInfoResponse{},
		"/api/v2/entitlements": &codersdk.Entitlements{},
		"/api/v2/licenses":     &[]codersdk.License{},
		"/api/v2/debug/health": &healthsdk.HealthcheckReport{},
	}
	for path, answer := range answers {
		require.Contains(t, types, path)
		decoder := json.NewDecoder(bytes.NewReader(answer))
		decoder.DisallowUnknownFields()
		// As Coder's client does.
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(types[path]), path)
	}
	licenses, _ := types["/api/v2/licenses"].(*[]codersdk.License)
	expires, err := (*licenses)[0].ExpiresAt()
	require.NoError(t, err)
	assert.Equal(t, 2100, expires.UTC().Year())
}
