package checks

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// FuzzFactsAreJudged puts other values into a facts file that is right, two at a time:
// whatever Decode takes, the checks can judge.
func FuzzFactsAreJudged(f *testing.F) {
	for i := range uint16(400) {
		f.Add(i, uint8(i), "x", int64(-1), uint16(0), uint8(0))
	}
	all := All()
	f.Fuzz(func(t *testing.T, first uint16, firstAs uint8, text string, number int64, second uint16, secondAs uint8) {
		var file any
		require.NoError(t, json.Unmarshal(rightFacts(t), &file))
		for _, change := range []struct {
			at uint16
			as uint8
		}{{first, firstAs}, {second, secondAs}} {
			at := int(change.at)
			file = replaceLeaf(file, &at, otherValue(change.as, text, number))
		}
		changed, err := json.Marshal(file)
		require.NoError(t, err)
		read, err := facts.Decode(bytes.NewReader(changed))
		if err != nil {
			return
		}
		for _, outcome := range check.Judge(all, &check.Case{Facts: read, Settings: check.DefaultSettings()}, nil) {
			for _, finding := range outcome.Findings {
				if strings.Contains(finding.Message, "the check itself failed") {
					t.Errorf("%s: %s\n%s", outcome.ID, finding.Message, changed)
				}
			}
		}
	})
}

var savedFacts []byte

// rightFacts is the facts file of a deployment on which everything was asked.
func rightFacts(t *testing.T) []byte {
	t.Helper()
	if savedFacts == nil {
		w := checktest.NewWorld()
		checktest.Runs(nil)(w)
		checktest.Rehearsed(nil)(w)
		w.Extra = append(w.Extra, manifests[1][strings.Index(manifests[1], "- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy")+2:])
		var saved bytes.Buffer
		require.NoError(t, facts.Encode(&saved, w.Case(t).Facts))
		savedFacts = saved.Bytes()
	}
	return savedFacts
}

// otherValue is what stands in the place of a value: a text, a number, nothing.
func otherValue(as uint8, text string, number int64) any {
	return [...]any{nil, text, number, true, []any{}, map[string]any{}, float64(-1), ""}[as%8]
}

// replaceLeaf puts a value in the place of the value with that number, in the order of
// reading; lists and mappings count too.
func replaceLeaf(in any, at *int, value any) any {
	if *at == 0 {
		*at = -1
		return value
	}
	*at--
	switch in := in.(type) {
	case []any:
		for i := range in {
			if *at >= 0 {
				in[i] = replaceLeaf(in[i], at, value)
			}
		}
	case map[string]any:
		for _, key := range sortedKeys(in) {
			if *at >= 0 {
				in[key] = replaceLeaf(in[key], at, value)
			}
		}
	}
	return in
}

func sortedKeys(in map[string]any) []string { return slices.Sorted(maps.Keys(in)) }
