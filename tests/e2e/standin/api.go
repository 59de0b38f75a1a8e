package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
)

// ownerToken is the session token that the stand-in takes for an owner's.
const ownerToken = "stand-in-owner-token"

// answers are what coderd answers of a deployment that is licensed and well, by path.
// That they fit Coder's own types, a test of tests/coderd holds.
//
//go:embed answers.json
var answers []byte

// addAPI adds what coderd answers of itself, its license and its health.
func addAPI(mux *http.ServeMux, o options) error {
	var all map[string]any
	if err := json.Unmarshal(answers, &all); err != nil {
		return fmt.Errorf("read the answers: %w", err)
	}
	info, _ := all["/api/v2/buildinfo"].(map[string]any)
	info["version"], info["dashboard_url"] = version, o.accessURL.String()
	health, _ := all["/api/v2/debug/health"].(map[string]any)
	health["coder_version"] = version
	for path, body := range all {
		open := path == "/api/v2/buildinfo" || path == "/api/v2/entitlements"
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if !open && r.Header.Get("Coder-Session-Token") != ownerToken {
				signedOut(w)
				return
			}
			write(w, http.StatusOK, body)
		})
	}
	mux.HandleFunc("GET /api/v2/replicas", func(w http.ResponseWriter, _ *http.Request) { signedOut(w) })
	return nil
}

func signedOut(w http.ResponseWriter) {
	write(w, http.StatusUnauthorized, map[string]string{"message": "You are signed out or your session has expired. Please sign in again to continue."})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
