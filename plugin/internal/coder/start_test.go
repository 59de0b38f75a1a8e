package coder

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const unknownText = "\uE000unknown\uE002"

// start reads a start of the newest Coder whose environment is a line of
// NAME=text for each variable, and whose config file is coder.yaml.
func start(version, env, args, file string) *Reading {
	s := Start{Version: ParseVersion(version), Args: strings.Fields("server " + args)}
	for line := range strings.Lines(env) {
		name, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		s.Env = append(s.Env, Variable{Name: name, Text: text})
	}
	s.ReadFile = func(path string) (string, error) {
		switch path {
		case "coder.yaml":
			return file, nil
		case "elsewhere.yaml":
			return "", ErrUnread
		}
		return "", fs.ErrNotExist
	}
	s.Plain = func(text string) (string, bool) {
		return strings.ReplaceAll(text, "\uE000pod\uE002", "10.0.0.1"), !strings.Contains(text, unknownText)
	}
	return Read(s)
}

// The differential test compares all that coderd's option library does; these
// are the rules that matter most, one by one.
func TestAStartIsReadAsCoderdReadsIt(t *testing.T) {
	for name, test := range map[string]struct {
		version, env, args, file string
		variable                 string
		want                     Value
	}{
		"the default stands where nothing is given": {
			variable: HTTPAddress, want: Value{Source: FromDefault, Text: DefaultHTTPAddress},
		},
		"a flag wins over a variable": {
			env: "CODER_HTTP_ADDRESS=:1", args: "--http-address :2",
			variable: HTTPAddress, want: Value{Source: FromFlag, Text: ":2", Given: []At{{FromFlag, 1}}},
		},
		"a variable wins over the config file": {
			env: "CODER_HTTP_ADDRESS=:1", args: "-c coder.yaml", file: "networking: {http: {httpAddress: ':3'}}",
			variable: HTTPAddress, want: Value{Source: FromVariable, Text: ":1", Given: []At{{FromVariable, 0}}},
		},
		"the config file wins over the default": {
			env: "CODER_CONFIG_PATH=coder.yaml", file: "networking:\n  http:\n    httpAddress: :3",
			variable: HTTPAddress, want: Value{Source: FromFile, Text: ":3", Given: []At{{FromFile, 3}}},
		},
		"the items of a list's flags come behind those of its variable": {
			env: "CODER_EXPERIMENTS=a, b", args: "--experiments=c --experiments d,e",
			variable: Experiments, want: Value{Source: FromFlag, List: []string{"a", " b", "c", "d", "e"}, Given: []At{{FromVariable, 0}, {FromFlag, 1}, {FromFlag, 2}}},
		},
		"an empty variable counts since 2.34": {
			version: "2.34.0", env: "CODER_DERP_SERVER_ENABLE=",
			variable: DERPServerEnable, want: Value{Source: FromVariable, Given: []At{{FromVariable, 0}}},
		},
		"an empty variable is none before": {
			version: "2.33.9", env: "CODER_DERP_SERVER_ENABLE=",
			variable: DERPServerEnable, want: Value{Source: FromDefault, Text: "true"},
		},
		"the last of several variables counts": {
			env:      "CODER_HTTP_ADDRESS=:1\nCODER_HTTP_ADDRESS=:2",
			variable: HTTPAddress, want: Value{Source: FromVariable, Text: ":2", Given: []At{{FromVariable, 1}}},
		},
		"a setting that the version does not have is nothing": {
			version: "2.34.0", env: "CODER_CLUSTER_HOST=10.0.0.1",
			variable: ClusterHost, want: Value{},
		},
		"a text with what stands in for an unknown part is kept as it is": {
			env:      "CODER_DERP_SERVER_RELAY_URL=http://\uE000pod\uE002:8080",
			variable: RelayURL, want: Value{Source: FromVariable, Text: "http://\uE000pod\uE002:8080", Given: []At{{FromVariable, 0}}},
		},
		"a text that nothing stands in for is not known": {
			env:      "CODER_TLS_ENABLE=" + unknownText,
			variable: TLSEnable, want: Value{Source: FromVariable, Text: unknownText, Given: []At{{FromVariable, 0}}, Unknown: true},
		},
		"a flag makes known what a variable leaves open": {
			env: "CODER_TLS_ENABLE=" + unknownText, args: "--tls-enable",
			variable: TLSEnable, want: Value{Source: FromFlag, Text: "true", Given: []At{{FromFlag, 1}}},
		},
		"a config file that nobody can read may give what nothing else does": {
			args:     "--config elsewhere.yaml",
			variable: HTTPAddress, want: Value{Source: FromFile, Unknown: true},
		},
		"it cannot give what has no key there": {
			args:     "--config elsewhere.yaml",
			variable: PostgresURL, want: Value{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(test.version, test.env, test.args, test.file)
			assert.Empty(t, r.Problems)
			assert.Empty(t, r.Other)
			got := r.Value(test.variable)
			got.Setting = Setting{}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestCoderdEndsWhereAStartIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		version, env, args, file string
		setting                  string
		at                       At
		reason                   string
	}{
		"an empty address ends it":               {env: "CODER_TLS_ADDRESS=", setting: TLSAddress, at: At{FromVariable, 0}, reason: "is empty, which coderd does not take for an address"},
		"no is not a word for false":             {env: "X=y\nCODER_TLS_ENABLE=no", setting: TLSEnable, at: At{FromVariable, 1}, reason: "is not true or false (coderd takes 1, t, true, 0, f, false and the like, not yes, no, on or off)"},
		"a URL needs a scheme":                   {args: "--derp-server-relay-url 10.0.0.1:80", setting: RelayURL, at: At{FromFlag, 1}, reason: "is not a URL: it needs to begin with http:// or https://"},
		"IPv6 needs brackets since 2.34":         {version: "2.34", env: "CODER_DERP_SERVER_RELAY_URL=http://fd00::1:80", setting: RelayURL, at: At{FromVariable, 0}, reason: "is not a URL: an IPv6 address in it needs square brackets"},
		"a flag that does not exist ends it":     {args: "--relay-url x", at: At{FromFlag, 1}, reason: "there is no flag --relay-url"},
		"so does a letter":                       {args: "-vz", at: At{FromFlag, 1}, reason: "there is no flag -z"},
		"and a flag without its value":           {args: "--access-url", at: At{FromFlag, 1}, reason: "flag --access-url has no value"},
		"and a word too many":                    {args: "more", reason: "coder server takes no arguments but flags"},
		"a switch takes no next word":            {args: "--tls-enable true", reason: "coder server takes no arguments but flags"},
		"and a key of the config file":           {args: "-c coder.yaml", file: "networking:\n  htp: 1", at: At{FromFile, 2}, reason: "there is no setting networking.htp in a config file"},
		"the database has no key there":          {args: "-ccoder.yaml", file: "postgresURL: x", at: At{FromFile, 1}, reason: "there is no setting postgresURL in a config file"},
		"and a config file that is not there":    {env: "CODER_CONFIG_PATH=gone.yaml", setting: ConfigPath, at: At{FromVariable, 0}, reason: "names a file that cannot be read"},
		"and an empty one":                       {args: "-c=coder.yaml", setting: ConfigPath, at: At{FromFlag, 1}, reason: "names a file that is not a map of settings"},
		"no address to listen on ends it":        {env: "CODER_HTTP_ADDRESS=", setting: HTTPAddress, at: At{FromVariable, 0}, reason: noHTTPAddress},
		"TLS without an address ends it":         {env: "CODER_TLS_ENABLE=1\nCODER_TLS_ADDRESS=:", setting: TLSAddress, at: At{FromVariable, 1}, reason: noTLSAddress},
		"a choice of TLS in capitals ends it":    {env: "CODER_TLS_ENABLE=1\nCODER_TLS_CLIENT_AUTH=None", setting: TLSClientAuth, at: At{FromVariable, 1}, reason: "is not one of none, request, require-any, verify-if-given, require-and-verify"},
		"and another version of TLS":             {env: "CODER_TLS_MIN_VERSION=1.2", args: "--tls-enable", setting: TLSMinVersion, at: At{FromVariable, 0}, reason: "is not one of tls10, tls11, tls12, tls13"},
		"an access URL without a scheme ends it": {env: "CODER_ACCESS_URL=coder.example.com", setting: AccessURL, at: At{FromVariable, 0}, reason: noScheme},
		"a session must end before its refresh":  {env: "CODER_SESSION_DURATION=30d", setting: "CODER_DEFAULT_OAUTH_REFRESH_LIFETIME", reason: "is not longer than that of CODER_SESSION_DURATION"},
		"coder itself reads its own variables":   {env: "CODER_NO_OPEN=maybe", setting: "CODER_NO_OPEN", at: At{FromVariable, 0}, reason: "is not true or false (coderd takes 1, t, true, 0, f, false and the like, not yes, no, on or off)"},
		"connections must be more than none":     {env: "CODER_PG_CONN_MAX_OPEN=0", setting: PostgresConnMaxOpen, at: At{FromVariable, 0}, reason: "is not greater than zero"},
		"a wildcard has one asterisk":            {env: "CODER_WILDCARD_ACCESS_URL=a.example.com", setting: WildcardAccessURL, at: At{FromVariable, 0}, reason: "does not have one asterisk, at its beginning"},
		"an enum is one of its choices":          {env: "CODER_PG_AUTH=iam", setting: PostgresAuth, at: At{FromVariable, 0}, reason: "is not one of password, awsiamrds"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(test.version, test.env, test.args, test.file)
			require.Len(t, r.Problems, 1)
			p := r.Problems[0]
			assert.Equal(t, test.setting, p.Setting.key())
			assert.Equal(t, test.at, p.At)
			assert.Equal(t, test.reason, p.Reason)
		})
	}
}

func TestOtherCommandsDoNotServe(t *testing.T) {
	for args, want := range map[string]string{
		"provisioner start":           "provisioner",
		"-v wsproxy server":           "wsproxy",
		"server dbcrypt rotate":       "server dbcrypt",
		"server --help":               "--help",
		"--help":                      "--help",
		"":                            "coder",
		"server --write-config":       "--write-config",
		"server -vh":                  "--help",
		"--url http://x server":       "",
		"server --write-config=false": "",
	} {
		assert.Equal(t, want, Read(Start{Args: strings.Fields(args)}).Other, args)
	}
}

func TestTheOlderAddressReplacesTheOtherTwo(t *testing.T) {
	for name, test := range map[string]struct {
		env, args, http, tls    string
		httpUnknown, tlsUnknown bool
	}{
		"by default there is plain HTTP only":       {http: DefaultHTTPAddress},
		"with TLS there are both":                   {env: "CODER_TLS_ENABLE=true", http: DefaultHTTPAddress, tls: DefaultTLSAddress},
		"without TLS it is that of plain HTTP":      {env: "CODER_ADDRESS=:80", http: ":80"},
		"it wins over a flag of the newer name":     {env: "CODER_ADDRESS=:80", args: "--http-address :81", http: ":80"},
		"with TLS it is that of TLS":                {env: "CODER_TLS_ENABLE=true", args: "-a :443", tls: ":443"},
		"where TLS is not known neither address is": {env: "CODER_TLS_ENABLE=" + unknownText + "\nCODER_ADDRESS=:80", http: DefaultHTTPAddress, tls: DefaultTLSAddress, httpUnknown: true, tlsUnknown: true},
		"without it only that of TLS is not known":  {env: "CODER_TLS_ENABLE=" + unknownText, http: DefaultHTTPAddress, tls: DefaultTLSAddress, tlsUnknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := start("", test.env, test.args, "")
			assert.Empty(t, r.Problems)
			http, tls := r.Listen()
			assert.Equal(t, test.http, http.Text)
			assert.Equal(t, test.tls, tls.Text)
			assert.Equal(t, test.httpUnknown, http.Unknown)
			assert.Equal(t, test.tlsUnknown, tls.Unknown)
		})
	}
}

func TestWhatCannotBeReadMaySetAVariable(t *testing.T) {
	s := Start{Args: []string{"server", "--experiments", "a", "--access-url", "https://a"}, MaySet: func(variable string) bool { return variable != HTTPAddress && variable != ConfigPath }}
	r := Read(s)
	assert.Empty(t, r.Problems)
	assert.True(t, r.Value(RelayURL).Unknown)
	assert.False(t, r.Value(HTTPAddress).Unknown)
	assert.False(t, r.Value(AccessURL).Unknown, "a flag wins over whatever the variable is")
	experiments := r.Value(Experiments)
	assert.True(t, experiments.Unknown, "a list's variable comes before its flags")
	assert.Equal(t, []string{"a"}, experiments.List)

	s.MaySet = func(variable string) bool { return variable == ConfigPath }
	assert.True(t, Read(s).Value(HTTPAddress).Unknown, "there may be a config file")
	assert.False(t, Read(s).Value(PostgresURL).Unknown, "which cannot give this")
}

func TestAWordThatIsNotKnownMayBeAFlag(t *testing.T) {
	assert.True(t, start("", "", unknownText, "").UnknownArgs)
	assert.False(t, start("", "", "--access-url "+unknownText, "").UnknownArgs)
}

func TestNoReasonHoldsAValue(t *testing.T) {
	const secret = "pa55:word\"["
	n := 0
	for _, s := range Settings(Version{}) {
		for _, r := range []*Reading{
			Read(Start{Args: []string{"server"}, Env: []Variable{{s.Variable, "http://a:" + secret + "@b"}}}),
			Read(Start{Args: []string{"server", "--" + s.Flag + "=" + secret}}),
			Read(Start{Args: []string{"server", "-a" + secret, secret}}),
		} {
			for _, p := range r.Problems {
				n++
				assert.NotContains(t, p.Reason, "pa55")
			}
		}
	}
	assert.NotZero(t, n)
}
