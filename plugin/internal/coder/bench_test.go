package coder

import "testing"

// BenchmarkRead reads one start; a deployment has one for each replica.
func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Read(Start{Version: ParseVersion("2.36"), Args: []string{"server", "--http-address=:80"}, Env: []Variable{{RelayURL, "http://a"}, {AccessURL, "http://a"}}})
	}
}
