package coder

import (
	"slices"
	"strings"
)

// NATS says whether replicas of this version and with these experiments form a
// NATS cluster for pubsub: by choice from 2.35, by default from 2.38
// (coder/coder pull requests 26665 and 29283). Experiments count in any case of
// letters, but not with spaces around them (coderd.ReadExperiments). Why says what turns it off.
func NATS(v Version, experiments []string) (on bool, why string) {
	has := func(name string) bool {
		return slices.ContainsFunc(experiments, func(e string) bool { return strings.EqualFold(e, name) })
	}
	switch {
	case !v.AtLeast(2, 35):
		return false, "Coder " + v.String() + " has no NATS pubsub"
	case has("no_nats_pubsub"):
		return false, "the experiment no_nats_pubsub turns NATS pubsub off"
	case v.AtLeast(2, 38) || has("nats_pubsub"):
		return true, ""
	default:
		return false, "Coder " + v.String() + " uses NATS pubsub only with the experiment nats_pubsub"
	}
}
