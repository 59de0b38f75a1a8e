package chart

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// mergeValues merges the values as Helm does (MergeValues in its pkg/cli/values),
// and remembers where they stand. Each file is read once, so it may be a pipe.
func mergeValues(ctx context.Context, opts Options) (map[string]any, Origins, error) {
	var origins Origins
	if err := parseFlags(opts.Values); err != nil {
		return nil, origins, err
	}
	guard.Doing("reading the values")
	merged := map[string]any{}
	for _, file := range opts.Values.ValueFiles {
		name := file
		if isStdin(file) {
			name = limits.Stdin
		}
		text, err := readValues(ctx, opts, file, limits.ValuesFile)
		if err != nil {
			return nil, origins, fmt.Errorf("read the values: %w", err)
		}
		if err := origins.addText(text, name); err != nil {
			return nil, origins, err
		}
		values := map[string]any{}
		if err := yaml.Unmarshal(text, &values); err != nil {
			return nil, origins, fmt.Errorf("%s: the values cannot be read: %w", name, err)
		}
		merged = overlaid(merged, values)
	}
	if err := mergeFlags(ctx, opts, merged); err != nil {
		return nil, origins, err
	}
	opts.Secrets.AddTree(merged)
	origins.addFlags(opts.Values)
	return merged, origins, nil
}

// mergeFlags adds the values of the command line, in the order in which Helm
// does.
func mergeFlags(ctx context.Context, opts Options, into map[string]any) error {
	v := opts.Values
	fromFile := func(path []rune) (any, error) {
		text, err := readValues(ctx, opts, string(path), limits.SetFile)
		return string(text), err
	}
	for _, set := range []struct {
		flag  string
		texts []string
		parse func(text string) error
	}{
		{"--set-json", v.JSONValues, func(text string) error { return strvals.ParseJSON(text, into) }},
		{"--set", v.Values, func(text string) error { return strvals.ParseInto(text, into) }},
		{"--set-string", v.StringValues, func(text string) error { return strvals.ParseIntoString(text, into) }},
		{"--set-file", v.FileValues, func(text string) error { return strvals.ParseIntoFile(text, into, fromFile) }},
		{"--set-literal", v.LiteralValues, func(text string) error { return strvals.ParseLiteralInto(text, into) }},
	} {
		for _, text := range set.texts {
			if err := set.parse(text); err != nil {
				return fmt.Errorf("%s: %w", set.flag, err)
			}
		}
	}
	return nil
}

func isStdin(file string) bool { return strings.TrimSpace(file) == "-" }

// readValues reads standard input, a file or a URL, as Helm chooses between them.
func readValues(ctx context.Context, opts Options, file string, limit limits.Limit) ([]byte, error) {
	if isStdin(file) {
		return limits.Read(ctx, opts.In, limits.Stdin, limit)
	}
	u, err := url.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("%q is neither a file nor a URL", file)
	}
	if u.Scheme == "" {
		return limits.ReadFile(ctx, file, limit)
	}
	source, err := getter.All(opts.Settings.env).ByScheme(u.Scheme)
	if err != nil {
		return limits.ReadFile(ctx, file, limit)
	}
	return limits.Await(ctx, u.Redacted(), func() ([]byte, error) {
		answer, err := source.Get(file, getter.WithURL(file), getter.WithTransport(limits.Transport(u.Redacted(), limit)))
		if err != nil {
			return nil, err
		}
		return answer.Bytes(), nil
	})
}

// overlaid is a mapping with the keys of another one over its own.
func overlaid(under, over map[string]any) map[string]any {
	out := maps.Clone(under)
	for key, value := range over {
		above, ok1 := value.(map[string]any)
		below, ok2 := out[key].(map[string]any)
		if ok1 && ok2 {
			value = overlaid(below, above)
		}
		out[key] = value
	}
	return out
}
