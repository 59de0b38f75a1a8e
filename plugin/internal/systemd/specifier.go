package systemd

import "strings"

// Specifiers are the values of specifiers, by their letter. One that is missing is
// known to the host only.
type Specifiers map[byte]string

// specifierLetters are those of systemd.unit(5).
const specifierLetters = "aABbcCdDEfgGhHiIjJlLmMnNopPqrRsStTuUvVwWyY"

// possible says whether a character behind a percent sign is that of a specifier,
// now or in a later version; others stay as they are.
func possible(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// Expand expands the specifiers of a text; unknown is the first one that is known
// to the host only, such as "%h". Where ok is false, systemd ignores the text for a
// specifier that there is not.
func (s Specifiers) Expand(text string) (expanded, unknown string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		value, known := s[text[i]]
		switch {
		case text[i] == '%':
			out.WriteByte('%')
		case known:
			out.WriteString(value)
		case possible(text[i]) && !in(specifierLetters, text[i]):
			return "", "", false
		default:
			out.WriteString(text[i-1 : i+1])
			if unknown == "" && possible(text[i]) {
				unknown = text[i-1 : i+1]
			}
		}
	}
	return out.String(), unknown, true
}

// SpecifiersOf are those that the name of a unit and the name of its host tell.
func SpecifiersOf(unit, host string) Specifiers {
	name, _, _ := strings.Cut(unit, ".service")
	prefix, instance, _ := strings.Cut(name, "@")
	component := prefix[strings.LastIndex(prefix, "-")+1:]
	short, _, _ := strings.Cut(host, ".")
	known := Specifiers{'n': unit, 'N': name, 'p': prefix, 'i': instance, 'j': component, 'H': host, 'l': short}
	if strings.Contains(prefix+instance, `\`) || strings.Contains(prefix+instance, "-") {
		// The unescaped forms of such names are not worked out here.
		return known
	}
	known['P'], known['I'], known['J'] = prefix, instance, component
	return known
}
