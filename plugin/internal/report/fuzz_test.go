package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// FuzzEveryFormatHoldsAnyText puts a text wherever others say one: each format stays
// what it is, and nothing in it acts on a terminal.
func FuzzEveryFormatHoldsAnyText(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := attacked(text)
		for _, format := range Formats() {
			got := write(t, Output{Format: format}, r)
			require.True(t, utf8.Valid(got), "%s\n%s", format, got)
			for _, c := range string(got) {
				assert.False(t, unicode.IsControl(c) && c != '\n', "%s holds %U", format, c)
			}
		}
		var asJSON, asYAML any
		require.NoError(t, json.Unmarshal(write(t, Output{Format: "json"}, r), &asJSON))
		require.NoError(t, yaml.Unmarshal(write(t, Output{Format: "yaml"}, r), &asYAML))
		again, err := json.Marshal(asYAML)
		require.NoError(t, err)
		once, err := json.Marshal(asJSON)
		require.NoError(t, err)
		assert.JSONEq(t, string(once), string(again))
		var log sarifLog
		require.NoError(t, json.Unmarshal(write(t, Output{Format: "sarif"}, r), &log))
		assert.Len(t, log.Runs, 1)
		var suites junitReport
		require.NoError(t, xml.NewDecoder(bytes.NewReader(write(t, Output{Format: "junit"}, r))).Decode(&suites))
		assert.Equal(t, junitCounts{Tests: 7, Failures: 1, Skipped: 4}, suites.junitCounts)
		_, elements, _ := parsed(t, r)
		for _, e := range elements {
			for _, a := range e.Attr {
				attributeIsOurs(t, e, a)
			}
		}
	})
}
