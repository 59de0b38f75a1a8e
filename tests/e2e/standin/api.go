package main

import (
	"encoding/json"
	"net/http"
)

// ownerToken is the session token that the stand-in takes for an owner's.
const ownerToken = "stand-in-owner-token"

// addAPI adds what coderd v2.36.1 answers of its license and its health, of a
// deployment that is licensed and well.
func addAPI(mux *http.ServeMux) {
	write := func(w http.ResponseWriter, body any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}
	owner := func(body any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Coder-Session-Token") != ownerToken {
				w.WriteHeader(http.StatusUnauthorized)
				write(w, map[string]string{"message": "You are signed out or your session has expired. Please sign in again to continue."})
				return
			}
			write(w, body)
		}
	}
	mux.HandleFunc("GET /api/v2/entitlements", func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]any{
			"features":    map[string]any{"high_availability": map[string]any{"entitlement": "entitled", "enabled": true}},
			"has_license": true, "warnings": []string{}, "errors": []string{},
		})
	})
	section := map[string]any{"healthy": true, "severity": "ok", "warnings": []string{}, "dismissed": false}
	mux.HandleFunc("GET /api/v2/debug/health", owner(map[string]any{
		"healthy": true, "severity": "ok", "coder_version": version, "derp": section, "access_url": section, "websocket": section,
		"database": section, "workspace_proxy": section, "provisioner_daemons": section,
	}))
	// 2100-01-01T00:00:00Z.
	mux.HandleFunc("GET /api/v2/licenses", owner([]any{map[string]any{"id": 1, "claims": map[string]any{"license_expires": 4102444800}}}))
}
