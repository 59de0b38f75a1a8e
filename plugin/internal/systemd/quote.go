package systemd

import (
	"errors"
	"strings"
)

var errNoText = errors.New("a value of an environment file must be text in UTF-8")

// Quote writes a value so that systemd reads it back from an environment file. An
// error says which values no environment file can hold.
func Quote(text string) (string, error) {
	switch {
	case strings.ContainsRune(text, 0) || !validUTF8(text):
		return "", errNoText
	case text == "" || strings.IndexFunc(text, unsafe) < 0:
		return text, nil
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(text) + `"`, nil
}

// unsafe says which characters a value is quoted for. Some of them systemd alone
// would read without quotes, but a shell that sources the file would not.
func unsafe(r rune) bool {
	return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.,:/@%+=[]*", r)
}
