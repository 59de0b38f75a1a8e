package systemd

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnEnvironmentFileIsReadAsSystemdReadsIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"plain":                       {"A=b\n", "b"},
		"spaces around":               {" A = b c \n", "b c"},
		"no last newline":             {"A=b", "b"},
		"Windows line ends":           {"A=b\r\n", "b"},
		"double quotes":               {"A=\"b  c\"\n", "b  c"},
		"single quotes":               {"A='b \"c\"'\n", "b \"c\""},
		"quotes within":               {"A=b\"c\"\n", "b\"c\""},
		"text behind a quote":         {"A=\"b\" c\n", "bc"},
		"several lines in quotes":     {"A=\"b\nc\"\n", "b\nc"},
		"continued":                   {"A=b \\\nc\n", "b c"},
		"continued in double quotes":  {"A=\"b \\\nc\"\n", "b c"},
		"a backslash":                 {"A=b\\c\n", "bc"},
		"one in double quotes":        {"A=\"b\\c\\\\d\"\n", "b\\c\\d"},
		"one in single quotes":        {"A='b\\c'\n", "b\\c"},
		"a comment behind":            {"A=b # c\n", "b # c"},
		"no expansion":                {"B=c\nA=$B ${B} $(b) %n\n", "$B ${B} $(b) %n"},
		"the last one":                {"A=b\nA=c\n", "c"},
		"an empty one":                {"A=b\nA=\n", ""},
		"a comment with a semicolon":  {"A=b\n;A=c\n", "b"},
		"a quote that is not closed":  {"A=\"b\nB=c\n", "b\nB=c\n"},
		"a comment with its own line": {"#A=c\nA=b\n", "b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseEnvFile([]byte(c.file))
			require.NoError(t, err)
			last := got.Assignments[len(got.Assignments)-1]
			assert.Equal(t, "A", last.Name)
			assert.Equal(t, c.want, last.Text)
		})
	}
}

func TestWhatFewWritersMeanIsRemarked(t *testing.T) {
	t.Parallel()
	got, err := ParseEnvFile([]byte("A=b\n\nexport B=c\nD\nE-F=g\n# h \\\nI=j\nK='l\n"))
	require.NoError(t, err)
	assert.Equal(t, []Remark{
		{Line: 3, Kind: Export, Name: "B"},
		{Line: 4, Kind: NoAssignment},
		{Line: 5, Kind: InvalidName},
		{Line: 6, Kind: ContinuedComment},
		{Line: 8, Kind: OpenQuote, Name: "K"},
	}, got.Remarks)
	assert.Equal(t, []Assignment{{Name: "A", Text: "b", Line: 1}, {Name: "K", Text: "l\n", Line: 8}}, got.Assignments)
	_, err = ParseEnvFile([]byte("A=b\nB=\xff\n"))
	require.EqualError(t, err, "line 2: it is not valid UTF-8")
	_, err = ParseEnvFile([]byte("A=b\x00"))
	require.ErrorIs(t, err, ErrNUL)
}

func TestATimeIsReadAsSystemdReadsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90": 90 * time.Second, "15min": 15 * time.Minute, "1min 30s": 90 * time.Second, "1h30m": 90 * time.Minute, "2 hours": 2 * time.Hour,
		"infinity": Infinity, "0": 0, "1.5min": 90 * time.Second, "1min30": 90 * time.Second, "500ms": 500 * time.Millisecond, "1d": 24 * time.Hour, "999999999y": Infinity,
	} {
		got, err := Timespan(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "soon", "5 parsecs", "-1"} {
		_, err := Timespan(text)
		require.Error(t, err, text)
	}
}

func TestWordsAndUnitsAreReadAsSystemdReadsThem(t *testing.T) {
	t.Parallel()
	words, err := Words(`"A=b c" 'D=e' F\x3dg H=\u00e9 `)
	require.NoError(t, err)
	assert.Equal(t, []string{"A=b c", "D=e", "F=g", "H=\u00e9"}, words)
	for _, text := range []string{`"a`, `\q`, `\x0`, `\`, `\ud800`} {
		_, err := Words(text)
		require.Error(t, err, text)
	}
	unit, err := ParseUnit([]byte("[Unit]\n# comment\nAfter=a.target\n[Service]\nExecStart=a \\\n# within\n  b\nType = notify\n"))
	require.NoError(t, err)
	assert.Equal(t, []Directive{
		{Section: "Unit", Name: "After", Text: "a.target", Line: 3},
		{Section: "Service", Name: "ExecStart", Text: "a    b", Line: 5},
		{Section: "Service", Name: "Type", Text: "notify", Line: 8},
	}, unit)
}

// FuzzWhatIsQuotedIsReadBack holds Quote to the parser, which is held to systemd.
func FuzzWhatIsQuotedIsReadBack(f *testing.F) {
	for _, seed := range []string{"", "a", "a b", "\"'\\$`", "a\nb", "\r", " a ", "# a", "\x01", "\u00e9", "postgres://coder:p%40ss@db/coder?sslmode=disable", "\xff", "\x00", "\ufffe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := Quote(text)
		if err != nil {
			return
		}
		got, err := ParseEnvFile([]byte("A=" + quoted + "\nB=c\n"))
		require.NoError(t, err)
		require.Equal(t, []Assignment{{Name: "A", Text: text, Line: 1}, {Name: "B", Text: "c", Line: got.Assignments[len(got.Assignments)-1].Line}}, got.Assignments)
		require.Empty(t, got.Remarks)
	})
}

// FuzzEnvFileAndUnit says that no input is too much for the parsers.
func FuzzEnvFileAndUnit(f *testing.F) {
	f.Add([]byte("A=\"b\\\nc\" 'd'\n# e \\\nexport F=g\n"), "[Service]\nEnvironment=\"A=%n b\" C=\\x20\nExecStart=a \\\nb")
	f.Fuzz(func(t *testing.T, env []byte, unit string) {
		if parsed, err := ParseEnvFile(env); err == nil {
			for _, a := range parsed.Assignments {
				require.True(t, validName(a.Name) && validUTF8(a.Text) && a.Line > 0)
			}
		}
		directives, err := ParseUnit([]byte(unit))
		if err != nil {
			return
		}
		for _, d := range directives {
			for _, a := range Environment(d, SpecifiersOf("coder.service", "coder-1")) {
				require.True(t, validName(a.Name))
			}
			if span, err := Timespan(d.Text); err == nil {
				require.GreaterOrEqual(t, span, Infinity)
			}
		}
	})
}
