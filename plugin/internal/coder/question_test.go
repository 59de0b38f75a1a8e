//go:build oracle || coderd

package coder

import (
	"io/fs"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strconv"
)

// A start as the program in tests/coderd reads it.
type question struct {
	Env   [][2]string       `json:"env"`
	Args  []string          `json:"args"`
	Files map[string]string `json:"files"`
}

// ourReading is what we make of a start.
func ourReading(v Version, q question) *Reading {
	return Read(Start{Version: v, Env: variables(q.Env), Args: q.Args, ReadFile: func(path string) (string, error) {
		text, ok := q.Files[path]
		if !ok {
			return "", fs.ErrNotExist
		}
		return text, nil
	}})
}

// shared says whether a setting has two names; coderd keeps a source for each.
func shared(s Setting) bool {
	return s.SameAs != "" || slices.ContainsFunc(settings, func(other Setting) bool { return other.SameAs == s.key() })
}

// canonical is a value as coderd's option library prints it.
func canonical(s Setting, v Value) string {
	switch s.Type {
	case TypeBool:
		on, _ := v.Bool()
		return strconv.FormatBool(on)
	case TypeInt:
		n, _ := v.Int()
		return strconv.FormatInt(n, 10)
	case TypeDuration:
		d, _ := v.Duration()
		return d.String()
	case TypeURL:
		if u, err := url.Parse(v.Text); err == nil {
			return u.String()
		}
	case TypeHostPort:
		if host, port, err := net.SplitHostPort(v.Text); err == nil && host+port != "" {
			return net.JoinHostPort(host, port)
		}
		return ""
	}
	return v.Text
}

func variables(env [][2]string) []Variable {
	var out []Variable
	for _, v := range env {
		out = append(out, Variable{Name: v[0], Text: v[1]})
	}
	return out
}

// pick is one of several.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
