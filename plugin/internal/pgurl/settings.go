package pgurl

import (
	"strconv"
	"strings"
)

// checkSettings refuses the values that lib/pq refuses (NewConnector,
// handleDriverSettings and dial), besides those of sslmode.
func checkSettings(settings map[string]string) error {
	for _, name := range []string{"binary_parameters", "disable_prepared_binary_result"} {
		if value, ok := settings[name]; ok && value != "yes" && value != "no" {
			return fail(PartParameter, "set "+name+" to something else than yes or no", "Write "+name+"=yes or "+name+"=no, or leave it out.")
		}
	}
	if value, ok := settings["connect_timeout"]; ok {
		if _, err := strconv.Atoi(value); err != nil {
			return fail(PartParameter, "set connect_timeout to something else than a number of seconds", "Write connect_timeout=10, for instance.")
		}
	}
	if value, ok := settings["client_encoding"]; ok && !isUTF8(value) {
		return fail(PartParameter, "ask for another client_encoding than UTF8", "Leave client_encoding out.")
	}
	if value, ok := settings["datestyle"]; ok && value != "ISO, MDY" {
		return fail(PartParameter, "ask for another datestyle than ISO, MDY", "Leave datestyle out.")
	}
	if value, ok := settings["port"]; ok && value == "" {
		return fail(PartPort, "is empty", form)
	}
	return nil
}

// isUTF8 recognizes the names of UTF-8 that Postgres does: letters and digits
// count, in any case.
func isUTF8(name string) bool {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
	return plain == "utf8" || plain == "unicode"
}
