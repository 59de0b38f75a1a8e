package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// hostile are texts that try to leave their place in some format.
var hostile = []string{
	"\x1b[2J\u202e::error::x\n##[error]y\r\n::error::z", `"quoted": 'x' \ # - [a, b]`, "</failure></testcase><x a=\"]]>&", "-----BEGIN a PRIVATE KEY",
	"true", "null", "~", "0x10", "- a\n- b", "`` ` ```\n```\n# heading\n", "[x](http://evil.example) <b>@someone</b> #1 www.evil.example https://evil.example",
	"\U000e0100\xff\x00é", "a | b\n---|---\n<!-- -->", "{{ .X }} {0} $a$ ${{ github.token }}", " ",
}

// attacked is a report in which others say the text everywhere.
func attacked(text string) Report {
	r := sample()
	change(&r, func(was string) string {
		if was == "" {
			return ""
		}
		return text
	})
	return r
}

func TestYAMLIsTheJSONDocument(t *testing.T) {
	t.Parallel()
	for _, text := range append(hostile, "plain") {
		var want, got any
		require.NoError(t, yaml.Unmarshal(write(t, Output{Format: "yaml"}, attacked(text)), &got), "%q", text)
		require.NoError(t, json.Unmarshal(write(t, Output{Format: "json"}, attacked(text)), &want))
		asJSON, err := json.Marshal(got)
		require.NoError(t, err)
		var again any
		require.NoError(t, json.Unmarshal(asJSON, &again))
		assert.Equal(t, want, again, "%q", text)
	}
}

// TestSARIFFitsThePublishedSchema has the schema that OASIS publishes, byte for byte
// as github.com/securego/gosec/v2 v2.29.0 brings it.
func TestSARIFFitsThePublishedSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile("testdata/sarif/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	interrupted := sample()
	interrupted.Incomplete = "interrupted"
	nameless := sample()
	nameless.Outcomes[6].Findings[0].Subject = check.Subject{}
	reports := []Report{sample(), {FailOn: check.Error}, interrupted, nameless}
	for _, text := range hostile {
		reports = append(reports, attacked(text))
	}
	for _, r := range reports {
		text := write(t, Output{Format: "sarif"}, r)
		got, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(got))
		var log sarifLog
		require.NoError(t, json.Unmarshal(text, &log))
		for _, result := range log.Runs[0].Results {
			require.Len(t, result.Locations, 1, "code scanning refuses the log otherwise")
			assert.NotEmpty(t, result.Locations[0].Physical.Artifact.URI)
			assert.Equal(t, result.RuleID, log.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID)
		}
	}
	wrong, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"version": "2.1.0", "runs": [{}]}`))
	require.NoError(t, err)
	require.Error(t, schema.Validate(wrong), "the schema refuses something")
}

func TestAURIOfSARIFLeadsToTheFile(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"values.yaml": "values.yaml", "./a b/v#1.yaml": "a%20b/v%231.yaml", "/etc/v.yaml": "file:///etc/v.yaml", "a:b.yaml": "./a:b.yaml", "../v.yaml": "../v.yaml",
	} {
		assert.Equal(t, want, fileURI(file))
	}
}

func TestJUnitIsXMLWhateverOthersSay(t *testing.T) {
	t.Parallel()
	for _, text := range append(hostile, "plain") {
		r := attacked(text)
		got := write(t, Output{Format: "junit"}, r)
		var read junitReport
		dec := xml.NewDecoder(bytes.NewReader(got))
		require.NoError(t, dec.Decode(&read), "%q", text)
		end, err := dec.Token()
		require.NoError(t, err)
		assert.Equal(t, xml.CharData("\n"), end)
		_, err = dec.Token()
		require.ErrorIs(t, err, io.EOF)
		assert.Equal(t, junitCounts{Tests: 7, Failures: 1, Skipped: 4}, read.junitCounts, "%q", text)
		require.Len(t, read.Suites, 2)
		assert.Equal(t, "relay-bad", read.Suites[0].Cases[1].Name)
	}
}

// TestJUnitFailsWhereTheRunFails holds CI to the exit code.
func TestJUnitFailsWhereTheRunFails(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		for _, failOn := range check.Severities() {
			for only := range sample().Outcomes {
				r := sample()
				r.Outcomes, r.Strict, r.FailOn = r.Outcomes[only:only+1], strict, failOn
				var read junitReport
				require.NoError(t, xml.Unmarshal(write(t, Output{Format: "junit"}, r), &read))
				assert.Equal(t, r.Fails(), read.Failures > 0, "%s, strict %v, fail on %s", r.Outcomes[0].ID, strict, failOn)
			}
		}
	}
}

func TestMarkdownShowsTextsAsTheyAre(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a: b":                      "a: b",
		"<b>":                       `\<b\>`,
		"[x](y)":                    `\[x\](y)`,
		"@someone #1":               `\@<!-- -->someone \#<!-- -->1`,
		"https://evil.example":      `https\://evil.example`,
		"www.evil.example":          `www\.evil.example`,
		"*_`~|\\":                   "\\*\\_\\`\\~<!-- -->\\|\\\\",
		"a & b &amp;":               `a \& b \&<!-- -->amp;`,
		"two\nlines":                "two lines",
		"<!-- x -->":                `\<\!<!-- -->-- x --\>`,
		"100% sure, $5 and {{ x }}": `100\% sure, \$<!-- -->5 and \{\{ x \}\}`,
	} {
		assert.Equal(t, want, escaped(in))
	}
	for in, want := range map[string]string{"a": "`a`", "a`b": "``a`b``", "`": "`` ` ``", "@someone": "`@someone`"} {
		assert.Equal(t, want, codeSpan(in))
	}
}

func TestMarkdownFitsIntoAComment(t *testing.T) {
	t.Parallel()
	r := sample()
	for len(r.Outcomes[6].Findings) < 5000 {
		r.Outcomes[6].Findings = append(r.Outcomes[6].Findings, r.Outcomes[6].Findings[0])
	}
	got := string(write(t, Output{Format: "markdown"}, r))
	assert.Less(t, len(got), 65_536)
	assert.Contains(t, got, "findings that do not fit here")
	assert.Contains(t, got, "`relay-bad`")
	assert.Contains(t, got, "`postgres-open`")
}

// TestNoTextHidesWhatFollows has a text that looks like the beginning of a key.
func TestNoTextHidesWhatFollows(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		got := string(write(t, Output{Format: format, Verbose: true}, attacked("-----BEGIN a PRIVATE KEY")))
		assert.Contains(t, got, "BEGIN a PRIVATE KEY", format)
		assert.Contains(t, got, "postgres-slow", format)
		assert.NotContains(t, got, "(hidden)", format)
	}
}

func TestShortHasALineForEachFinding(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		got := string(write(t, Output{Format: "short"}, attacked(text)))
		assert.Equal(t, 3, strings.Count(got, "\n"), "%q: %s", text, got)
	}
}

func TestSeveralFormatsGoToSeveralPlaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(format string) string { return filepath.Join(dir, format) }
	for _, text := range hostile {
		o := Output{Format: "text"}
		for _, format := range Formats() {
			o.Files = append(o.Files, File{Format: format, Path: at(format)})
		}
		require.NoError(t, o.Check())
		got := write(t, o, attacked(text))
		for _, format := range Formats() {
			alone := write(t, Output{Format: format}, attacked(text))
			read, err := os.ReadFile(at(format))
			require.NoError(t, err)
			assert.Equal(t, string(alone), string(read), format)
			if format == "text" {
				assert.Equal(t, string(alone), string(got))
			}
		}
	}
	var nothing bytes.Buffer
	require.NoError(t, Output{Files: []File{{"json", at("json")}}}.Write(border.New(&nothing, nil), sample()))
	assert.Empty(t, nothing.String())
}

func TestAPlaceThatTakesNoReportKeepsItFromNoOther(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Output{Format: "short", Files: []File{{"json", filepath.Join(dir, "none", "r.json")}, {"yaml", filepath.Join(dir, "r.yaml")}}}
	require.ErrorContains(t, o.Check(), "--output json=")
	var out bytes.Buffer
	require.ErrorContains(t, o.Write(border.New(&out, nil), sample()), "r.json")
	assert.NotEmpty(t, out.String())
	assert.FileExists(t, filepath.Join(dir, "r.yaml"))
}
