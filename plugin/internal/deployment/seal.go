package deployment

import (
	"net/netip"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
)

// Seal takes every secret out of the model, once it was used: what is left can be
// saved and shown. The key, of one run, makes the digests useless without it.
//
// A variable that checks read keeps its text; where that came from a Secret it is
// masked so that it compares and parses as before. The database URL becomes
// Replica.Database. Any other variable may hold anything, and becomes a digest.
func (d *Deployment) Seal(key digest.Key) {
	for i := range d.Replicas {
		r := &d.Replicas[i]
		r.EncryptionKeys = newEncryptionKeys(r.Variables[coder.EncryptionKeys])
		r.Database = newDatabaseURL(r.Variables[coder.PostgresURL], key)
		addresses := map[string]bool{}
		for name, v := range r.Variables {
			for _, reference := range v.References {
				addresses[reference] = addresses[reference] || coder.Reads(name)
			}
		}
		for name, v := range r.Variables {
			readable := coder.Reads(name) && name != coder.PostgresURL || addresses[name] && v.Text.address()
			r.Variables[name] = v.sealed(key, readable)
		}
		for name, v := range r.Settings {
			r.Settings[name] = v.sealed(key, coder.Harmless(name))
		}
	}
}

// address says whether a text is just an IP address, or will be one.
func (t Text) address() bool {
	if _, literal := t.Literal(); !literal {
		return symbolPattern.ReplaceAllString(string(t), "") == ""
	}
	_, err := netip.ParseAddr(string(t))
	return err == nil
}

func (v Value) sealed(key digest.Key, readable bool) Value {
	switch {
	case v.Text == "" && v.Partial == "":
		return v
	case !readable:
		if v.Text != "" {
			v.Digest = key.Of(string(v.Text))
		}
		v.Text, v.Partial = "", ""
	case v.FromSecret || v.Hidden:
		v.Digest = key.Of(string(v.Text))
		v.Text, v.Partial = masked(key, v.Text), masked(key, v.Partial)
	default:
		// A URL that stands in the open may hold a password all the same.
		v.Text, v.Partial = discreet(key, v.Text), discreet(key, v.Partial)
	}
	return v
}
