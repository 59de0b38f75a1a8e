package check

import "fmt"

// Severity says how much a finding matters. In a finding the zero value stands
// for the severity of its check.
type Severity int

const (
	// Info is advice.
	Info Severity = iota + 1
	// Warning will hurt.
	Warning
	// Error breaks high availability or the install.
	Error
)

// Severities lists every severity, the mildest first.
func Severities() []Severity { return []Severity{Info, Warning, Error} }

// ParseSeverity reads a severity by the name that String gives it.
func ParseSeverity(name string) (Severity, error) {
	for _, s := range Severities() {
		if s.String() == name {
			return s, nil
		}
	}
	return Info, fmt.Errorf("unknown severity %q: use error, warning or info", name)
}

func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	default:
		return "info"
	}
}

// MarshalText writes the name, so that JSON carries "error" and not a number.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
