package deployment

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// State says what is known of a value.
type State int

// The three states of a value.
const (
	// Missing: nothing sets it.
	Missing State = iota
	// Known: the text is known, but for its symbols.
	Known
	// Unknown: something sets it, or may set it, that is not in the input.
	Unknown
)

// Value is one environment variable of one replica.
type Value struct {
	State State `json:"state,omitempty"`
	Text  Text  `json:"text,omitempty"`
	// Digest stands for the text of a secret, once the model was sealed: equal
	// texts have equal digests, within one run.
	Digest string `json:"digest,omitempty"`
	// Why says of an unknown value where it comes from, and Proof how to make it
	// known.
	Why   string `json:"why,omitempty"`
	Proof string `json:"proof,omitempty"`
	// Partial is the text of an unknown value, with a symbol in place of each part
	// that is not known; empty where nothing of it is known.
	Partial Text `json:"partial,omitempty"`
	// Key is the key of a Secret or ConfigMap that an unknown value comes from.
	Key *Key `json:"key,omitempty"`
	// FromSecret says that the text was read from a Secret.
	FromSecret bool `json:"fromSecret,omitempty"`
	// Hidden says that the text stands in the open, and must not be shown all the
	// same: a template made it of a Secret that it looked up.
	Hidden bool `json:"hidden,omitempty"`
	// References are the variables that its text names and that were resolved.
	References []string `json:"references,omitempty"`
	// Unexpanded are those that Kubernetes leaves as they stand.
	Unexpanded []Reference `json:"unexpanded,omitempty"`
	Origin     Origin      `json:"origin"`
}

// Key is a key of a Secret or ConfigMap.
type Key struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Key       string `json:"key,omitempty"`
}

// Reference is a $(NAME) that Kubernetes does not expand.
type Reference struct {
	Name string `json:"name"`
	// DefinedLater says that the container defines the name, but too late.
	DefinedLater bool `json:"definedLater,omitempty"`
}

// Set says that the value is known and not empty.
func (v Value) Set() bool { return v.State == Known && (v.Text != "" || v.Digest != "") }

// Unset says that the value is missing or empty.
func (v Value) Unset() bool { return v.State == Missing || v.State == Known && !v.Set() }

// Or is the value, or a known one with the text of a default if it is not set.
func (v Value) Or(text string) Value {
	if v.Unset() {
		return Value{State: Known, Text: Text(text), Origin: v.Origin}
	}
	return v
}

// Bool reads the value as coderd reads a switch: unset is its default, and an empty
// one is off. An unknown value gives ok false.
func (v Value) Bool(unset bool) (value, ok bool) {
	if v.State == Missing {
		return unset, true
	}
	if v.Unset() {
		return false, true
	}
	text, literal := v.Text.Literal()
	if v.State != Known || !literal {
		return false, false
	}
	parsed, err := strconv.ParseBool(text)
	return parsed, err == nil
}

// List is the items of a value that coderd reads as a list. The spaces around an
// item are part of it.
func (v Value) List() []string { return coder.SplitList(string(v.Text)) }

// String shows the value for people. What came from a Secret is not shown.
func (v Value) String() string {
	if v.State == Unknown {
		return "unknown (" + v.Why + ")"
	}
	return v.Show(v.Text)
}

// Show shows a part of the value for people, as String does.
func (v Value) Show(part Text) string {
	switch {
	case v.FromSecret || v.Hidden:
		return "(from a Secret)"
	case v.Digest != "" && v.Text == "":
		return hidden
	}
	return part.String()
}

// Env is the value of a variable, as the container sees it.
func (r Replica) Env(name string) Value {
	if v, ok := r.Variables[name]; ok {
		return v
	}
	for _, o := range r.Opaque {
		if strings.HasPrefix(name, o.Prefix) {
			v := Value{State: Unknown, Why: fmt.Sprintf("%s may set %s", o.What, name), Proof: o.Proof}
			if o.Key != nil {
				key := *o.Key
				key.Key = strings.TrimPrefix(name, o.Prefix)
				v.Key = &key
			}
			return v
		}
	}
	return Value{}
}

// LeftUnexpanded says whether the text holds a $(NAME) that Kubernetes leaves as
// it stands.
func (v Value) LeftUnexpanded() bool {
	return len(v.Unexpanded) > 0 || strings.Contains(string(v.Text), "$(")
}
