package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"

	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/require"
)

// realCoder says whether a real coderd is in the stand-in's place.
func realCoder() bool { return os.Getenv("E2E_CODER_IMAGE") != "" }

// ownerToken is a session token of an owner of the deployment. A real coderd gets its
// first user for that.
func (w *world) ownerToken() string {
	w.t.Helper()
	if !realCoder() {
		return "stand-in-owner-token"
	}
	options := k8s.NewKubectlOptions("", w.cluster.Kubeconfig, w.ns)
	options.Logger = logger.Discard
	tunnel := k8s.NewTunnelWithLogger(options, k8s.ResourceTypePod, "coder-0", 0, 8080, logger.Discard)
	require.NoError(w.t, tunnel.ForwardPortE(w.t))
	defer tunnel.Close()
	base := "http://" + tunnel.Endpoint() + "/api/v2/users/"
	user := map[string]any{"email": "owner@example.com", "username": "owner", "name": "Owner", "password": "e2e-Owner-9!x7", "trial": false}
	w.post(base+"first", user, http.StatusCreated, &struct{}{})
	var login struct {
		Token string `json:"session_token"`
	}
	w.post(base+"login", user, http.StatusCreated, &login)
	require.NotEmpty(w.t, login.Token)
	return login.Token
}

// post sends JSON, and reads the JSON of the answer.
func (w *world) post(url string, body any, status int, into any) {
	w.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(w.t, err)
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, bytes.NewReader(text))
	require.NoError(w.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	require.Equal(w.t, status, response.StatusCode, string(answer))
	require.NoError(w.t, json.Unmarshal(answer, into), string(answer))
}
