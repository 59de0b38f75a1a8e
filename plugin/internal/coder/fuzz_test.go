package coder

import "testing"

func FuzzReadAStart(f *testing.F) {
	f.Add("CODER_ACCESS_URL", "https://coder.example.com", "--http-address", "networking:\n  accessURL: https://a\n", "2.37")
	f.Add("coder_derp_server_relay_url", "", "--derp-server-relay-url=http://a", "a: &a [*a]", "")
	f.Add("CODER_CONFIG_PATH", "/c.yaml", "-c", "- a\n", "v0.0.0-devel+x")
	f.Fuzz(func(_ *testing.T, name, text, arg, config, version string) {
		reading := Read(Start{
			Version: ParseVersion(version), Env: []Variable{{name, text}, {"CODER_CONFIG_PATH", "/c.yaml"}}, Args: []string{"server", arg, text},
			ReadFile: func(string) (string, error) { return config, nil },
		})
		if reading == nil {
			panic("nothing was read")
		}
	})
}
