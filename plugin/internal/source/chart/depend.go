package chart

import (
	"context"
	"errors"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// depend finds out what in the rendering depends on lookups, by rendering again
// with other answers: what differs was made of them, however the templates
// turned it over.
func (r *renderer) depend(out *Rendered) {
	asked := r.live.lookups.asked()
	out.Lookups = asked
	out.Lookups.Server = r.live.config.Host
	out.Lookups.Refused = out.Refusal != "" && len(asked.Answered) > 0
	if r.live.lookups.secrets() {
		other, err := r.again(masked)
		if err != nil {
			other = &Rendered{}
		}
		if other.Refusal != out.Refusal && out.Refusal != "" {
			out.Refusal = hiddenRefusal
		}
		// Without a second rendering all may be made of a Secret.
		out.FromSecrets = manifest.Compare(out.Objects, other.Objects)
	}
	if len(asked.Open) > 0 && out.Refusal == "" {
		if other, err := r.again(supposed); err == nil && other.Refusal == "" {
			out.Open = manifest.Compare(out.Objects, other.Objects)
		}
	}
}

// hiddenRefusal stands for a sentence that quotes a Secret.
const hiddenRefusal = "its words are made of a Secret that it looked up, and not shown"

// again renders with the cluster's answers changed.
func (r *renderer) again(kind replay) (out *Rendered, err error) {
	if kind == supposed {
		loaded, err := load(r.opts)
		if err != nil {
			return nil, err
		}
		r.live.lookups.words = wordsOf(loaded, r.values)
	}
	r.live.lookups.again(kind, func() { out, err = r.render() })
	return out, err
}

// errHidden stands for the error of a template that quotes a Secret.
var errHidden = errors.New("the chart does not render with the Secrets that it looks up in the cluster; the error is not shown, for it may quote one: see `helm template --debug --dry-run=server`")

// failure is the error of a rendering. It is not shown where it may quote a
// Secret: if it is another one with other Secrets.
func (r *renderer) failure(ctx context.Context, err error) error {
	switch {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case r.live == nil:
		return err
	case r.live.lookups.failure != nil:
		return noAnswer(r.live.config.Host, r.live.lookups.failure)
	case !r.live.lookups.secrets():
		return err
	}
	if _, other := r.again(masked); other != nil && other.Error() == err.Error() {
		return err
	}
	return errHidden
}
