// Command api writes requests of Coder's own client, and answers of the coderd that
// the module file pins, with which the plugin compares what it reads. It runs in this
// folder's parent:
//
//	go run ./api                         of the newest coderd
//	go run -modfile=v2.24.0.mod ./api    of Coder 2.24.0
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/coder/coder/v2/coderd/healthcheck/health"
	"github.com/coder/coder/v2/codersdk"
	"github.com/coder/coder/v2/codersdk/healthsdk"
)

// exchange is a request of Coder's own client, and an answer to it in which each
// field has a value of its own: a text is the path of its field.
type exchange struct {
	Path   string          `json:"path"`
	Header string          `json:"header"`
	Answer json.RawMessage `json:"answer"`
}

// words are those that coderd has in the place of texts.
type words struct {
	Entitlements []codersdk.Entitlement `json:"entitlements"`
	Severities   []health.Severity      `json:"severities"`
	Feature      codersdk.FeatureName   `json:"feature"`
}

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

const token = "the-session-token"

// write writes the exchanges that the plugin has with coderd, as Coder's client has them.
func write(out io.Writer) error {
	license := &[]codersdk.License{{}}
	fill(reflect.ValueOf(license).Elem(), "")
	(*license)[0].Claims = map[string]any{codersdk.LicenseExpiryClaim: moment.Unix()}
	var all []exchange
	for _, ask := range []struct {
		answer any
		do     func(context.Context, *codersdk.Client) error
	}{
		{filled[codersdk.BuildInfoResponse](), func(ctx context.Context, c *codersdk.Client) error { _, err := c.BuildInfo(ctx); return err }},
		{filled[codersdk.Entitlements](), func(ctx context.Context, c *codersdk.Client) error { _, err := c.Entitlements(ctx); return err }},
		{filled[[]codersdk.Replica](), func(ctx context.Context, c *codersdk.Client) error { _, err := c.Replicas(ctx); return err }},
		{license, func(ctx context.Context, c *codersdk.Client) error { _, err := c.Licenses(ctx); return err }},
		{filled[healthsdk.HealthcheckReport](), func(ctx context.Context, c *codersdk.Client) error {
			_, err := healthsdk.New(c).DebugHealth(ctx)
			return err
		}},
	} {
		one, err := observe(ask.answer, ask.do)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"exchanges": all, "words": words{
		Entitlements: []codersdk.Entitlement{codersdk.EntitlementEntitled, codersdk.EntitlementGracePeriod, codersdk.EntitlementNotEntitled},
		Severities:   []health.Severity{health.SeverityOK, health.SeverityWarning, health.SeverityError},
		Feature:      codersdk.FeatureHighAvailability,
	}})
}

// observe sends a request with Coder's client, and gives it the answer.
func observe(answer any, do func(context.Context, *codersdk.Client) error) (exchange, error) {
	body, err := json.Marshal(answer)
	if err != nil {
		return exchange{}, fmt.Errorf("writing an answer of %T: %w", answer, err)
	}
	seen := exchange{Answer: body}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Path = r.URL.Path
		for name := range r.Header {
			if r.Header.Get(name) == token {
				seen.Header = name
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		return exchange{}, err
	}
	client := codersdk.New(target)
	client.SetSessionToken(token)
	if err := do(context.Background(), client); err != nil {
		return exchange{}, fmt.Errorf("asking for %T: %w", answer, err)
	}
	return seen, nil
}

func filled[T any]() *T {
	out := new(T)
	fill(reflect.ValueOf(out).Elem(), "")
	return out
}

// region is that of the relays.
const region = 999

// moment is the time in each answer.
var moment = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)

// coders begins the packages whose types are filled; those of others stay empty.
const coders = "github.com/coder/coder/"

// fill gives a value to each field below. Lists and maps get one element: the features
// that of high availability, the relays one region.
func fill(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(path)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(len(path)))
	case reflect.Float64:
		v.SetFloat(float64(len(path)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path)
	case reflect.Map:
		fillMap(v, path)
	case reflect.Struct:
		fillStruct(v, path)
	default:
	}
}

func fillMap(v reflect.Value, path string) {
	var key reflect.Value
	element := reflect.New(v.Type().Elem()).Elem()
	switch v.Type().Key() {
	case reflect.TypeFor[codersdk.FeatureName]():
		key = reflect.ValueOf(codersdk.FeatureHighAvailability)
		fill(element, path+".feature")
	case reflect.TypeFor[int]():
		key = reflect.ValueOf(region)
		fill(element, path+".region")
	default:
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	v.SetMapIndex(key, element)
}

func fillStruct(v reflect.Value, path string) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(moment))
		return
	}
	if !strings.HasPrefix(v.Type().PkgPath(), coders) {
		return
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported() || name == "-":
		case field.Anonymous && name == "":
			fill(v.Field(i), path)
		default:
			fill(v.Field(i), strings.TrimPrefix(path+"."+name, "."))
		}
	}
}
