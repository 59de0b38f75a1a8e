package deployment

import "strings"

// SplitImage takes an image reference apart; tag and digest are empty where the
// reference has none.
func SplitImage(image string) (repository, tag, digest string) {
	image, digest, _ = strings.Cut(image, "@")
	slash := strings.LastIndex(image, "/")
	if colon := strings.LastIndex(image, ":"); colon > slash {
		return image[:colon], image[colon+1:], digest
	}
	return image, "", digest
}
