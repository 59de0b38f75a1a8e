package pgurl

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseReadsWhatCoderdReads(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw                      string
		host                     string
		user, password, database string
		sslmode                  string
		escaped                  bool
	}{
		"a full URL": {
			raw: "postgres://coder:pw@db.example:5433/coderdb?sslmode=verify-full", host: "db.example:5433",
			user: "coder", password: "pw", database: "coderdb", sslmode: "verify-full",
		},
		"the other scheme, no port, no sslmode": {
			raw: "postgresql://coder:pw@db.example/coder", host: "db.example:5432",
			user: "coder", password: "pw", database: "coder", sslmode: "require",
		},
		"no database is the user's":      {raw: "postgres://coder@db.example", host: "db.example:5432", user: "coder", database: "coder", sslmode: "require"},
		"an encoded password":            {raw: "postgres://coder:p%40ss%2F@db/coder", host: "db:5432", user: "coder", password: "p@ss/", database: "coder", sslmode: "require"},
		"a password with a raw @":        {raw: "postgres://coder:p@ss@db/coder", host: "db:5432", user: "coder", password: "p@ss", database: "coder", sslmode: "require"},
		"a password that coderd escapes": {raw: "postgres://coder:p{s s@db/coder", host: "db:5432", user: "coder", password: "p{s s", database: "coder", sslmode: "require", escaped: true},
		"a password with a slash":        {raw: "postgres://coder:pa/ss@db:5432/coder", host: "db:5432", user: "coder", password: "pa/ss", database: "coder", sslmode: "require", escaped: true},
		"a password with ? and #":        {raw: "postgres://coder:a?b#c@db/coder", host: "db:5432", user: "coder", password: "a?b#c", database: "coder", sslmode: "require", escaped: true},
		"settings in the query":          {raw: "postgres:///coder?host=db.example&port=6432&user=u&password=pw", host: "db.example:6432", user: "u", password: "pw", database: "coder", sslmode: "require"},
		"a cloud's user with an @":       {raw: "postgres://db.example/coder?user=coder@server&password=pw", host: "db.example:5432", user: "coder@server", password: "pw", database: "coder", sslmode: "require"},
		"a Unix socket has no TLS":       {raw: "postgres://coder@/coder?host=/var/run/postgresql&sslmode=require", host: "/var/run/postgresql:5432", user: "coder", database: "coder", sslmode: "disable"},
		"an IPv6 address":                {raw: "postgres://coder@[fd00::1]:5432/coder", host: "[fd00::1]:5432", user: "coder", database: "coder", sslmode: "require"},
		"key=value":                      {raw: `host=db port=6432 user=coder password='p \'q' dbname = coder sslmode=disable`, host: "db:6432", user: "coder", password: "p 'q", database: "coder", sslmode: "disable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := Parse(tc.raw)
			require.NoError(t, err)
			require.Len(t, u.Hosts, 1)
			assert.Equal(t, tc.host, u.Host().String())
			assert.Equal(t, tc.user, u.User)
			assert.Equal(t, tc.password, u.Password())
			assert.Equal(t, tc.password != "", u.HasPassword)
			assert.Equal(t, tc.database, u.Database)
			assert.Equal(t, tc.sslmode, u.SSLMode)
			assert.Equal(t, tc.escaped, u.AutoEscaped)
		})
	}
}

func TestParseSaysWhichPartIsWrong(t *testing.T) {
	t.Parallel()
	const secret = "zQ9xJ7kW"
	for name, tc := range map[string]struct {
		raw  string
		part Part
		want string
	}{
		"nothing":                          {"  ", PartWhole, "is empty"},
		"a line break of echo":             {"postgres://coder:" + secret + "@db/coder\n", PartWhole, "line break"},
		"a space in front":                 {" postgres://coder:" + secret + "@db/coder", PartWhole, "space"},
		"quotes":                           {`"postgres://coder:` + secret + `@db/coder"`, PartWhole, "quotes"},
		"a tab":                            {"postgres://coder:" + secret + "\t@db/coder", PartWhole, "control character"},
		"another database":                 {"mysql://coder:" + secret + "@db/coder", PartScheme, "neither"},
		"a misspelled scheme":              {"postgress://coder:" + secret + "@db/coder", PartScheme, "neither"},
		"the form of JDBC":                 {"jdbc:postgresql://db:5432/coder?user=coder&password=" + secret + "&sslmode=require", PartScheme, "neither"},
		"a scheme in capitals":             {"POSTGRES://coder:" + secret + "@db/coder", PartScheme, "neither"},
		"no scheme":                        {"coder:" + secret + "@db/coder", PartWhole, "key=value"},
		"a percent sign in the password":   {"postgres://coder:" + secret + "%zz@db/coder", PartPassword, "%"},
		"braces and @ in the password":     {"postgres://coder:a@{" + secret + "@db/coder", PartPassword, "percent-encoded"},
		"@ and / in the password":          {"postgres://coder:a@" + secret + "/b@db/coder", PartPassword, "unescaped"},
		"digits and / in the password":     {"postgres://coder:12/" + secret + "@db/coder", PartPassword, "unescaped"},
		"@ and ? in the password":          {"postgres://coder:a@b?" + secret + "@db/coder", PartPassword, "unescaped"},
		"@ and # in the password":          {"postgres://coder:a@b#" + secret + "@db/coder", PartPassword, "unescaped"},
		"# in the query":                   {"postgres://coder@db/coder?password=a#" + secret, PartWhole, "#"},
		"a space in the user name":         {"postgres://co der:" + secret + "@db/coder", PartUser, "percent-encoded"},
		"a port that is no number":         {"postgres://coder:" + secret + "@db:54x2/coder", PartPort, "number"},
		"a port that is too large":         {"postgres://coder:" + secret + "@db:70000/coder", PartPort, "65535"},
		"a host with a space":              {"postgres://coder:" + secret + "@d b/coder", PartHost, "host name"},
		"an open bracket":                  {"postgres://coder:" + secret + "@[fd00::1/coder", PartHost, "host name"},
		"IPv6 without a port":              {"postgres://coder:" + secret + "@[fd00::1]/coder", PartHost, "without a port"},
		"a percent sign in the database":   {"postgres://coder:" + secret + "@db/co%zz", PartDatabase, "%"},
		"a semicolon in the query":         {"postgres://coder:" + secret + "@db/coder?sslmode=disable;a=b", PartParameter, ";"},
		"sslmode=prefer":                   {"postgres://coder:" + secret + "@db/coder?sslmode=prefer", PartParameter, "sslmode=prefer"},
		"an unknown sslmode":               {"postgres://coder:" + secret + "@db/coder?sslmode=" + secret, PartParameter, "unknown sslmode"},
		"key=value with an open quote":     {"host=db password='" + secret, PartWhole, "quote"},
		"key=value without =":              {"host=db " + secret, PartWhole, "key=value"},
		"key=value with a colon":           {"host=db password=a:" + secret, PartWhole, "key=value"},
		"key=value that ends in backslash": {"host=db password=" + secret + `\`, PartWhole, "backslash"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := Parse(tc.raw)
			var broken *Error
			require.ErrorAs(t, err, &broken)
			assert.Equal(t, tc.part, broken.Part, err)
			assert.Contains(t, err.Error(), tc.want)
			assert.NotEmpty(t, broken.Remedy)
			for _, text := range printed(t, u, err) {
				assert.NotContains(t, text, secret)
			}
		})
	}
}

func TestParseKeepsTheURLWhereOnlyTheSSLModeIsRefused(t *testing.T) {
	t.Parallel()
	u, err := Parse("postgres://coder:pw@db.example/coder?sslmode=allow")
	require.Error(t, err)
	assert.Equal(t, SSLAllow, u.SSLMode)
	assert.Equal(t, "db.example:5432", u.Host().String())
}

func TestParseKeepsSeveralHostsApart(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]Host{
		"postgres://coder:pw@a:5432,b:5433/coder":     {{"a", 5432}, {"b", 5433}},
		"postgres://coder:pw@a,b:5433/coder":          {{"a", 5432}, {"b", 5433}},
		"postgres://coder:pw@[fd00::1]:1,b/coder":     {{"fd00::1", 1}, {"b", 5432}},
		"host=a,b port=1,2 user=coder dbname=coder":   {{"a", 1}, {"b", 2}},
		"host=a,b port=6000 user=coder dbname=coder":  {{"a", 6000}, {"b", 6000}},
		"postgres:///coder?host=a,b&user=coder":       {{"a", 5432}, {"b", 5432}},
		"postgres://coder:p/w@a:5432,b:5432/coder?x=": {{"a", 5432}, {"b", 5432}},
	} {
		u, err := Parse(raw)
		if assert.NoError(t, err, raw) {
			assert.Equal(t, want, u.Hosts, raw)
		}
	}
}

func TestLocalIsThisHostOnly(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"postgres://u@localhost/d": true, "postgres://u@LocalHost.:1/d": true, "postgres://u@127.0.0.9/d": true,
		"postgres://u@[::1]:5432/d": true, "postgres://u@0.0.0.0/d": true, "postgres:///d?host=/run/pg": true,
		"postgres://u@[::ffff:127.0.0.1]:5432/d": true, "postgres://u@/d": true,
		"postgres://u@localhost.example/d": false, "postgres://u@10.0.0.1/d": false, "postgres://u@db/d": false,
	} {
		u, err := Parse(raw)
		if assert.NoError(t, err, raw) {
			assert.Equal(t, want, u.Local(), raw)
		}
	}
}

func TestRedactedShowsWhatHelpsAndNoSecret(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"postgres://coder:pw@db/coder":                                   "postgres://coder:***@db:5432/coder",
		"postgres://coder@db/coder?sslmode=require&search_path=a,b":      "postgres://coder@db:5432/coder?search_path=a,b&sslmode=require",
		"postgres://coder:pw@db/coder?sslkey=/k&sslmode=disable":         "postgres://coder:***@db:5432/coder?sslmode=disable&***",
		"postgres://coder:pw@db/coder?sslinline=true&sslrootcert=PEMPEM": "postgres://coder:***@db:5432/coder?***",
		"postgres://coder@/coder?host=/run/postgresql":                   "postgres://coder@/coder?host=/run/postgresql",
		"postgres://co%40der:pw@a:1,b:2/coder":                           "postgres://co@der:***@a:1,b:2/coder",
	} {
		u, err := Parse(raw)
		if assert.NoError(t, err, raw) {
			assert.Equal(t, want, u.Redacted(), raw)
		}
	}
	assert.Equal(t, "postgres://***", URL{}.Redacted())
}

func FuzzParseHidesThePassword(f *testing.F) {
	for _, seed := range []string{"", "@", "/", "?", "#", ":", "%", "%zz", "{", " ", "[", "]", "@/", "@?", "@#", ",", "@h,", "\\", "&", "=", "?user=", "12/", "\n", "@[::1]:1/"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		password := "zQ9xJ7kW" + a + "vB3nM8pL" + b + "tY6rE2wU"
		for _, raw := range []string{
			"postgres://coder:" + password + "@db.example:5432/coder?sslmode=require",
			"postgres://coder:" + password + "@db.example/coder",
		} {
			u, err := Parse(raw)
			summary, marshalErr := json.Marshal(Summarize(raw, []byte("key")))
			require.NoError(t, marshalErr)
			for _, text := range append(printed(t, u, err), string(summary)) {
				for _, mark := range []string{"zQ9xJ7kW", "vB3nM8pL", "tY6rE2wU"} {
					if err == nil && u.Password() != password && u.Host().Name != "db.example" {
						t.Fatalf("%q was misread as host %q", raw, u.Host().Name)
					}
					assert.NotContains(t, text, mark, "of %q", raw)
				}
			}
		}
	})
}

func printed(t *testing.T, u URL, err error) []string {
	t.Helper()
	type holder struct{ u URL }
	marshaled, marshalErr := json.Marshal(u)
	require.NoError(t, marshalErr)
	out := []string{
		u.Redacted(), string(marshaled), u.User, u.Database, fmt.Sprint(u.Hosts),
		fmt.Sprintf("%v %+v %#v %s", u, u, u, u), fmt.Sprintf("%v %+v %#v", holder{u}, holder{u}, holder{u}),
	}
	if err != nil {
		if broken, ok := errors.AsType[*Error](err); ok {
			out = append(out, broken.Remedy)
		}
		out = append(out, err.Error(), fmt.Sprintf("%+v", err))
	}
	return out
}
