package border_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// written is what leaves when texts are written one after another.
func written(t *testing.T, known *secrets.Known, texts ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := border.New(&out, known)
	for _, text := range texts {
		n, err := w.Write([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, len(text), n)
	}
	require.NoError(t, w.Flush())
	return out.String()
}

// hostile are characters with what stands in their place.
var hostile = map[string]string{
	"\x1b[2J":                   `\x1b[2J`,
	"\x1b]8;;x\x07":             `\x1b]8;;x\x07`,
	"\u009b2J":                  `\u009b2J`,
	"\x9b2J":                    `\x9b2J`,
	"a\rb":                      `a\rb`,
	"a\bb":                      `a\x08b`,
	"\x00":                      `\x00`,
	"\x7f":                      `\x7f`,
	"\u202egpj":                 `\u202egpj`,
	"\u2066x\u2069":             `\u2066x\u2069`,
	"\u200b\u200d":              `\u200b\u200d`,
	"\u2028\u2029":              `\u2028\u2029`,
	"\ufeff":                    `\ufeff`,
	"\u00ad":                    `\u00ad`,
	"\u00a0":                    `\u00a0`,
	"\u3164":                    `\u3164`,
	"\U000e0041":                `\U000e0041`,
	"\ue000":                    `\ue000`,
	"\xff\xfe":                  `\xff\xfe`,
	"\xc3":                      `\xc3`,
	"a\u0301\u0301\u0301\u0301": "a\u0301\u0301\u0301" + `\u0301`,
}

func TestWhatATerminalWouldObeyIsEscaped(t *testing.T) {
	t.Parallel()
	for text, want := range hostile {
		assert.Equal(t, want, border.Line(text))
		assert.Equal(t, want, border.Lines(text))
		assert.Equal(t, "x "+want+"\n", written(t, nil, "x "+text+"\n"))
		assert.Equal(t, want, border.Line(border.Line(text)), "twice")
	}
	assert.Equal(t, `a\nb\tc\r\nd`, border.Line("a\nb\tc\r\nd"))
	assert.Equal(t, "a\nb\\tc\nd", border.Lines("a\nb\tc\r\nd"))
	assert.Equal(t, "Größe 大小 √ × ‼ █ …", border.Line("Größe 大小 √ × ‼ █ …"))
}

func TestNoRunnerFindsACommand(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"::error::x":               `\::error::x`,
		"  ::set-output name=a::b": `  \::set-output name=a::b`,
		"coder ##[error]x":         `coder #\#[error]x`,
		"##vso[task.x]":            `#\#vso[task.x]`,
		"##teamcity[x]":            `#\#teamcity[x]`,
		"###[x]":                   `##\#[x]`,
		"a::b ## c":                "a::b ## c",
	} {
		assert.Equal(t, want, written(t, nil, text))
		assert.Equal(t, want, written(t, nil, want))
	}
}

func TestASecretIsHiddenHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	known := secrets.New()
	known.Add("hunter2hunter")
	assert.Equal(t, "a (hidden) b\nlast (hidden)", written(t, known, "a hunt", "er2hun", "ter b\nlast ", "hunter2", "hunter"))
	assert.Equal(t, "(hidden)\n(hidden)\n(hidden)\nx\n", written(t, nil, "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nx\n"))
}

func TestJSONKeepsItsTexts(t *testing.T) {
	t.Parallel()
	known := secrets.New()
	known.Add(`severity`, `hunter2"x\y`)
	var texts []string
	for text := range hostile {
		if utf8.ValidString(text) {
			texts = append(texts, text, "##[error]"+text, "\n::error::"+text)
		}
	}
	type document struct {
		Severity string   `json:"severity"`
		Texts    []string `json:"texts"`
	}
	for _, text := range append(texts, `":`, `\": {`, `a": "b`) {
		var out bytes.Buffer
		w := border.New(&out, known).JSON()
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		require.NoError(t, enc.Encode(document{text, []string{text, text + `hunter2"x\y` + text}}))
		var got document
		require.NoError(t, json.Unmarshal(out.Bytes(), &got), out.String())
		assert.Equal(t, document{text, []string{text, text + secrets.Hidden + text}}, got)
		assert.Equal(t, border.Lines(out.String()), out.String())
		assert.NotContains(t, out.String(), "##[")
	}
}

func TestATagDoesNotTellASecret(t *testing.T) {
	t.Parallel()
	known := secrets.New()
	known.Add("section", "color-scheme", "hunter2hunter")
	var out bytes.Buffer
	w := border.New(&out, known).HTML()
	_, err := fmt.Fprint(w, "<style>:root {\n  color-scheme: dark;\n}</style>\n<section id=\"a\">\x1b &lt;section&gt; hunter2hunter<p>color-scheme</p>\n</section>\n")
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	assert.Equal(t, "<style>:root {\n  color-scheme: dark;\n}</style>\n<section id=\"a\">\\x1b &lt;(hidden)&gt; (hidden)<p>(hidden)</p>\n</section>\n", out.String())
}

func TestColorsPassWhereTheyMay(t *testing.T) {
	t.Parallel()
	text := border.Red.Paint("failed") + " \x1b[5mblink\x1b[31"
	assert.Equal(t, `\x1b[31mfailed\x1b[0m \x1b[5mblink\x1b[31`, written(t, nil, text))
	var out bytes.Buffer
	w := border.New(&out, nil)
	w.Colors()
	_, _ = w.Write([]byte(text))
	require.NoError(t, w.Flush())
	assert.Equal(t, "\x1b[31mfailed\x1b[0m "+`\x1b[5mblink\x1b[31`, out.String())
}

func TestASentenceDoesNotPassForOurs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	border.New(&out, nil).Say("coder-ha: ", "the chart says\ncoder-ha: all is well\n::error::\nResult: passed\n")
	assert.Equal(t, "coder-ha: the chart says\n  coder-ha: all is well\n  \\::error::\n  Result: passed\n", out.String())
}

func TestALongTextSaysHowMuchIsLeftOut(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "short", border.Clean("short", nil))
	long := border.Clean("begin"+strings.Repeat("ä", 90_000)+"end", nil)
	assert.Less(t, len(long), border.Longest+100)
	assert.Regexp(t, `^beginä+… \(175\d\d\d bytes are left out here\) …ä+end$`, long)
	many := border.Clean(strings.Repeat("line\n", 1000), nil)
	assert.Equal(t, 60, strings.Count(many, "\n"))
	assert.Contains(t, many, "more lines)")
}

func TestALineWithoutEndIsNotHeldForEver(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := border.New(&out, nil)
	for range 100 {
		_, err := fmt.Fprint(w, strings.Repeat("ä", 1000))
		require.NoError(t, err)
	}
	assert.Greater(t, out.Len(), 100_000)
	require.NoError(t, w.Flush())
	assert.Equal(t, strings.Repeat("ä", 100_000), out.String())
}
