package kube

import (
	"io/fs"
	"path"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// configFile is coderd's config file, as far as the input holds it.
type configFile struct {
	// path is for people; empty where it cannot be shown.
	path string
	// key is the key of a ConfigMap or Secret that holds it; its Kind is empty where
	// none does.
	key    deployment.Key
	origin deployment.Origin
	// block says that the lines of the file are lines of the origin's file.
	block bool
	// fromSecret and hidden say that nothing of it may be shown.
	fromSecret, hidden bool
}

// readFile reads a config file through the mounts of coderd's container.
func (s *start) readFile(name string) (string, error) {
	s.file = configFile{}
	if _, literal := deployment.Text(name).Literal(); !literal || !path.IsAbs(name) {
		return "", coder.ErrUnread
	}
	file := s.in.file(s.w, name)
	if file.Key != nil {
		s.file.key = *file.Key
	}
	switch {
	case file.Known && !s.mayDiffer(s.file.key):
		s.file.take(s.in)
		return string(file.Content), nil
	case file.Absent && s.in.OpenWhy == "":
		return "", fs.ErrNotExist
	default:
		return "", coder.ErrUnread
	}
}

// mayDiffer says whether what the input holds under a key may be otherwise.
func (s *start) mayDiffer(key deployment.Key) bool {
	if slices.Contains(s.in.absentData(key), key.Key) {
		return true
	}
	o := s.in.object(key)
	return o != nil && slices.ContainsFunc(dataFields, func(field string) bool { return s.in.Open.At(*o, field, key.Key) })
}

// take keeps where the file stands.
func (c *configFile) take(in *input) {
	c.fromSecret = c.key.Kind == "Secret"
	o := in.object(c.key)
	for _, field := range dataFields {
		if node := o.Node(field, c.key.Key); node != nil {
			c.origin, c.block = origin(*o, field, c.key.Key), node.Style&yaml.LiteralStyle != 0
			c.hidden = c.hidden || in.Hidden.At(*o, field, c.key.Key)
		}
	}
}

// value is something that a line of the file gives.
func (c configFile) value(line int) deployment.Value {
	v := deployment.Value{State: deployment.Known, FromSecret: c.fromSecret, Hidden: c.hidden, Origin: c.origin}
	if c.block && v.Origin.Line > 0 {
		v.Origin.Line += line
	}
	return v
}

// unread is a setting that a file which is not in the input may give.
func (c configFile) unread(in *input, variable string) deployment.Value {
	v := deployment.Value{State: deployment.Unknown, Why: "the config file, which is not in the input, may set " + variable, Proof: "set it in the container's env instead"}
	if c.path != "" {
		v.Why = "the config file " + c.path + ", which is not in the input, may set " + variable
	}
	if c.key.Kind != "" {
		v.Proof = in.givenProof(nameOf(c.key))
	}
	return v
}
