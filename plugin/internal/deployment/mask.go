package deployment

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/digest"
)

var (
	// word is what stands between the marks that give a URL, a list or an address
	// its shape; symbols are no words.
	word = regexp.MustCompile(symbolPattern.String() + `|%[0-9A-Fa-f]{2}|[^\s:/?#\[\]@!$&'()*+,;=.%` + symbolOpen + symbolSep + symbolClose + `]+`)
	// address is what may be an IP address.
	address = regexp.MustCompile(`[0-9A-Fa-f]*:[0-9A-Fa-f:.]+|\d+\.\d+\.\d+\.\d+`)
	// number is a port, a count or the length of a prefix.
	number = regexp.MustCompile(`^\d{1,5}$`)
)

// ownWords are those of coderd's settings; they are no secrets.
var ownWords = map[string]bool{
	"http": true, "https": true, "localhost": true, "true": true, "false": true, "t": true, "f": true,
	"none": true, "request": true, "require-any": true, "verify-if-given": true, "require-and-verify": true,
	"nats_pubsub": true, "no_nats_pubsub": true, "password": true, "awsiamrds": true,
}

// masked replaces every word and every address of a text by a digest, and keeps
// its shape: what was equal stays equal, what parsed still parses, and a name is
// below another one as before. Loopback addresses, numbers and coderd's own words
// stay.
func masked(key digest.Key, t Text) Text {
	head, tail := splitUserInfo(string(t))
	var out strings.Builder
	out.WriteString(maskedWords(key, head, false))
	for tail != "" {
		at := address.FindStringIndex(tail)
		if at == nil {
			at = []int{len(tail), len(tail)}
		}
		out.WriteString(maskedWords(key, tail[:at[0]], true) + maskedAddress(key, tail[at[0]:at[1]]))
		tail = tail[at[1]:]
	}
	return Text(out.String())
}

// discreet masks the user info, the query and the fragment of a URL.
func discreet(key digest.Key, t Text) Text {
	head, tail := splitUserInfo(string(t))
	if at := strings.IndexAny(tail, "?#"); at >= 0 {
		tail = tail[:at] + maskedWords(key, tail[at:], false)
	}
	return Text(maskedWords(key, head, false) + tail)
}

// splitUserInfo cuts a text behind its last @: a password that is not
// percent-encoded may hold any character. The scheme goes with the rest.
func splitUserInfo(text string) (userInfo, rest string) {
	at := strings.LastIndex(text, "@")
	return text[:at+1], text[at+1:]
}

func maskedWords(key digest.Key, text string, keep bool) string {
	return word.ReplaceAllStringFunc(text, func(found string) string {
		switch lower := strings.ToLower(found); {
		case strings.HasPrefix(found, symbolOpen):
			return found
		case strings.HasPrefix(found, "%"):
			return "%2A"
		case ownWords[lower] && (keep || lower == "http" || lower == "https"), keep && number.MatchString(found):
			return found
		default:
			return "x" + key.Of(lower)[:8]
		}
	})
}

// maskedAddress is an address of the same family that stands for another one: of
// the range for benchmarks (RFC 2544), or for documentation (RFC 3849).
func maskedAddress(key digest.Key, text string) string {
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return maskedWords(key, text, true)
	case addr.IsLoopback(), addr.IsUnspecified():
		return text
	}
	sum := key.Bytes(addr.Unmap().String())
	if addr.Is4() {
		return netip.AddrFrom4([4]byte{198, 18, sum[0], sum[1]}).String()
	}
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 12: sum[0], 13: sum[1], 14: sum[2], 15: sum[3]}).String()
}
