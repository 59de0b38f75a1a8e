package coder

import (
	"encoding/csv"
	"errors"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// wrong is what coderd finds wrong with a text for the setting: the rest of a
// sentence that begins with "the value", "" where nothing is. It holds nothing
// of the text.
func (s *Setting) wrong(v Version, text string) string {
	switch s.Type {
	case TypeBool:
		if _, err := parseBool(text); err != nil {
			return "is not true or false (coderd takes 1, t, true, 0, f, false and the like, not yes, no, on or off)"
		}
	case TypeInt:
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			return "is not a whole number"
		case s.Variable == PostgresConnMaxOpen && n <= 0:
			return "is not greater than zero"
		}
	case TypeDuration:
		if _, err := parseDuration(v, text); err != nil {
			return "is not a duration such as 90s or 1h30m"
		}
	case TypeURL:
		return wrongURL(v, text)
	case TypeHostPort:
		if text == "" {
			return "is empty, which coderd does not take for an address"
		}
		if _, _, err := net.SplitHostPort(text); err != nil {
			return "is not host:port"
		}
	case TypeEnum:
		if !slices.ContainsFunc(s.Choices, func(choice string) bool { return strings.EqualFold(choice, text) }) {
			return "is not one of " + strings.Join(s.Choices, ", ")
		}
	case TypeRegexp:
		if _, err := regexp.Compile(text); err != nil {
			return "is not a regular expression"
		}
	case TypeList:
		if text != "" {
			if _, err := splitList(text); err != nil {
				return "is not a list of comma-separated values (a quote opens or closes a whole item)"
			}
		}
	case TypeString:
		if s.Variable == WildcardAccessURL && text != "" {
			return wrongWildcard(text)
		}
	case TypeStruct, TypeConfigFile:
	}
	return ""
}

// parseBool reads a switch; an empty text is false.
func parseBool(text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	return strconv.ParseBool(text)
}

// JoinList writes a list as coderd reads it.
func JoinList(items []string) string {
	switch {
	case len(items) == 0:
		return ""
	case len(items) == 1 && items[0] == "":
		return `""`
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	// A builder takes whatever is written.
	_ = w.Write(items)
	w.Flush()
	return strings.TrimSuffix(out.String(), "\n")
}

// SplitList reads a list as coderd does; what it does not take is one item.
func SplitList(text string) []string {
	if text == "" {
		return nil
	}
	items, err := splitList(text)
	if err != nil {
		return []string{text}
	}
	return items
}

// splitList reads a list as coderd does: one line of comma-separated values,
// whose spaces are part of them.
func splitList(text string) ([]string, error) {
	return csv.NewReader(strings.NewReader(text)).Read()
}

var errDuration = errors.New("not a duration")

// durationPart is a number and its unit.
var durationPart = regexp.MustCompile(`^(\d+(?:\.\d*)?|\.\d+)([^\d.]+)`)

// parseDuration reads a duration; days and weeks are units of it since serpent
// 0.12. Which of Coder 2.25 to 2.29 brought that is not known; the oldest one is
// taken.
func parseDuration(v Version, text string) (time.Duration, error) {
	if d, err := time.ParseDuration(text); err == nil || !v.AtLeast(2, 25) {
		return d, err
	}
	rest := strings.TrimLeft(text[:min(1, len(text))], "+-") + text[min(1, len(text)):]
	if rest == "" {
		return 0, errDuration
	}
	var sum time.Duration
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, errDuration
		}
		hours, unit := 1, m[2]
		if days, ok := map[string]int{"d": 1, "w": 7}[unit]; ok {
			hours, unit = days*24, "h"
		}
		part, err := time.ParseDuration(m[1] + unit)
		if err != nil {
			return 0, errDuration
		}
		if sum += part * time.Duration(hours); sum < 0 || part > part*time.Duration(hours) {
			return 0, errDuration
		}
		rest = rest[len(m[0]):]
	}
	if text[0] == '-' {
		sum = -sum
	}
	return sum, nil
}

// severalColons is a URL whose host has more than one colon and no brackets.
var severalColons = regexp.MustCompile(`^([^/?#]*//(?:[^/?#]*@)?)([^/?#\[\]@:]*(?::[^/?#\[\]@:]*)+)(:[^/?#\[\]@:]*)`)

// wrongURL reads a URL as the Go that built coderd does: since Go 1.26, with
// which 2.34 was built, an IPv6 address needs its brackets (coder/coder issue
// 27266).
func wrongURL(v Version, text string) string {
	_, err := url.Parse(text)
	brackets := severalColons.MatchString(text)
	if err != nil && brackets && !v.AtLeast(2, 34) {
		_, err = url.Parse(severalColons.ReplaceAllString(text, "${1}host${3}"))
	}
	switch {
	case err == nil:
		return ""
	case brackets:
		return "is not a URL: an IPv6 address in it needs square brackets"
	case !strings.Contains(text, "://"):
		return "is not a URL: it needs to begin with http:// or https://"
	default:
		return "is not a URL"
	}
}

// hostLabel is a part of a host name between dots, in lower case.
var hostLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// wrongWildcard is what coderd finds wrong with a wildcard access URL
// (coder/coder coderd/workspaceapps/appurl, CompileHostnamePattern).
func wrongWildcard(text string) string {
	host := strings.ToLower(text)
	switch {
	case strings.Contains(host, "http:"), strings.Contains(host, "https:"):
		return "is not a host name: it has a scheme"
	case strings.HasPrefix(host, "."), strings.HasSuffix(host, "."), !strings.Contains(host, "."):
		return "is not a host name of two labels or more"
	case strings.Count(host, "*") != 1, host[0] != '*':
		return "does not have one asterisk, at its beginning"
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for i, label := range strings.Split(host, ".") {
		if i == 0 {
			label = strings.Replace(label, "*", "a", 1)
		}
		if !hostLabel.MatchString(label) {
			return "is not a host name"
		}
	}
	return ""
}
