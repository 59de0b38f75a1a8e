package deployment

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
)

func TestAMaskedTextKeepsItsShapeAndNothingElse(t *testing.T) {
	t.Parallel()
	key := digest.NewKey()
	ip := Symbol(FieldPodIP, "coder-0")
	for _, text := range []Text{
		"https://hunter2.example.com", "HTTPS://Hunter2.Example.com.:8443/hunter2?token=hunter2", "http://hunter2:12345@10.1.2.3:8080",
		"http://[fd00::hunter2]", "http://[fd00::1234]:8080", "http://cafe:8080", "hunter2:8080", "hunter2", "ftp://hunter2", "http://a:hunter2",
		"http://" + ip + ":8080", "http://[" + ip + "]:8080", "http://hunter2%zz@host", "http://:8080", "http://127.0.0.1:8080", "http://[::1]:8080",
		"http://localhost:3000", "http://0.0.0.0", "http://fd00::1:8080", "http://hunter2.host/hun%20ter", "http://$(HUNTER2):8080",
	} {
		before, wantErr := ParseEndpoint(text)
		hidden := masked(key, text)
		after, err := ParseEndpoint(hidden)
		assert.Equal(t, wantErr, err, "%s became %s", text, hidden)
		assert.NotContains(t, string(hidden), "hunter2", text)
		assert.NotContains(t, string(hidden), "Hunter2", text)
		assert.NotContains(t, string(hidden), "12345", text)
		assert.Equal(t, before.Scheme, after.Scheme, text)
		assert.Equal(t, before.Port, after.Port, text)
		assert.Equal(t, before.Bracketed, after.Bracketed, text)
		assert.ElementsMatch(t, before.Extra, after.Extra, "%s became %s", text, hidden)
		if wantErr == nil {
			assert.Equal(t, Loopback(before.Host), Loopback(after.Host), text)
			assert.Equal(t, before.Host.HasField(FieldPodIP), after.Host.HasField(FieldPodIP), text)
		}
	}
}

func TestMaskedHostsCompareAsBefore(t *testing.T) {
	t.Parallel()
	key := digest.NewKey()
	host := func(text Text) Text {
		e, err := ParseEndpoint(masked(key, text))
		require.NoError(t, err)
		return e.Host
	}
	assert.Equal(t, host("http://coder.example.com"), host("HTTPS://CODER.Example.com.:8080"))
	assert.NotEqual(t, host("http://coder.example.com"), host("http://coder.example.org"))
	assert.Equal(t, host("http://[fd00:0::1]"), host("http://[FD00::1]"))
	assert.NotEqual(t, host("http://10.0.0.1"), host("http://10.0.0.2"))
	wildcard := BalancedHost{Host: masked(key, "*.example.com")}
	assert.True(t, wildcard.Matches(host("http://relay.example.com")))
	assert.False(t, wildcard.Matches(host("http://relay.example.org")))
	assert.Equal(t, Text("true"), masked(key, "true"))
	assert.Equal(t, Text("10"), masked(key, "10"))
	assert.Equal(t, []string{"nats_pubsub"}, Value{State: Known, Text: masked(key, "nats_pubsub")}.List())
}

func TestASealedModelHoldsNoSecret(t *testing.T) {
	t.Parallel()
	known := func(text Text) Value { return Value{State: Known, Text: text} }
	relay := known("http://me:hunter2@10.0.0.1:8080/?token=hunter2#hunter2")
	relay.References = []string{"PW", "IP"}
	fromSecret := known("https://hunter2.example.com")
	fromSecret.FromSecret = true
	d := &Deployment{Replicas: []Replica{{Variables: map[string]Value{
		coder.PostgresURL:          known("postgres://coder:hunter2@db.example.com/coder"),
		coder.RelayURL:             relay,
		coder.AccessURL:            fromSecret,
		coder.DERPConfigURL:        {State: Unknown, Partial: "https://me:hunter2@" + Symbol("unknown", "HOST")},
		"CODER_OIDC_CLIENT_SECRET": known("hunter2"),
		"PW":                       known("hunter2"),
		"IP":                       known("10.0.0.1"),
	}}}}
	d.Seal(digest.NewKey())
	r := d.Replicas[0]
	text, err := json.Marshal(d)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hunter2")
	assert.Equal(t, "db.example.com", r.Database.Host().Name)
	assert.True(t, r.Env(coder.PostgresURL).Set())
	assert.True(t, r.Env("CODER_OIDC_CLIENT_SECRET").Set())
	assert.Equal(t, "(hidden)", r.Env("CODER_OIDC_CLIENT_SECRET").String())
	assert.Equal(t, "http://(hidden)@10.0.0.1:8080/?(hidden)", r.Env(coder.RelayURL).String())
	assert.Equal(t, "(from a Secret)", r.Env(coder.AccessURL).String())
	assert.Equal(t, Text("10.0.0.1"), r.Env("IP").Text)

	var back Deployment
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, d, &back)
}
