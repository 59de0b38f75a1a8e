package inject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

type envVar = corev1.EnvVar

// isPodIP says whether an entry is the pod's own address.
func isPodIP(e envVar) bool {
	return e.ValueFrom != nil && e.ValueFrom.FieldRef != nil && e.ValueFrom.FieldRef.FieldPath == deployment.FieldPodIP
}

// podIP is the variable that holds the pod's own address, or shall hold it.
func (w *wiring) podIP() string {
	env := w.place.Container.Env
	name := ""
	for i, e := range env {
		again := slices.ContainsFunc(env[i+1:], func(later envVar) bool { return later.Name == e.Name })
		if !isPodIP(e) || again || strings.HasPrefix(e.Name, "CODER_") {
			continue
		}
		if name == "" || e.Name == coder.PodIP {
			name = e.Name
		}
	}
	if name == "" {
		return coder.PodIP
	}
	return name
}

// relayEntry is the relay URL of a replica by its pod's address: plain http, unless
// coderd serves TLS only.
func (w *wiring) relayEntry() (coder.Entry, error) {
	variable, scheme := coder.HTTPAddress, "http"
	if w.replica.Address(variable).State == deployment.Missing {
		variable, scheme = coder.TLSAddress, "https"
		on, known := w.replica.TLS()
		if tls := w.replica.Env(coder.TLSEnable); !known {
			return coder.Entry{}, w.unknown(coder.TLSEnable, tls)
		}
		if !on {
			return coder.Entry{}, fmt.Errorf("%s: coderd has no address to listen on: set %s, such as to 0.0.0.0:8080", w.place.Object, coder.HTTPAddress)
		}
	}
	address := w.replica.Address(variable)
	if address.State == deployment.Unknown {
		return coder.Entry{}, w.unknown(variable, address)
	}
	_, port, ok := deployment.SplitAddress(address.Text)
	if !ok || port < 1 || port > 65535 {
		return coder.Entry{}, fmt.Errorf("%s: the port of the relay URL cannot be told: %s is not HOST:PORT", w.place.Object, variable)
	}
	url := coder.RelayURLOf(scheme, "$("+w.podIP()+")", port, w.in.Deployment.LikelyIPv6())
	return coder.Entry{Name: coder.RelayURL, Value: url}, nil
}

func (w *wiring) unknown(variable string, v deployment.Value) error {
	return fmt.Errorf("%s: the port of the relay URL cannot be told: %s: %s: %s", w.place.Object, variable, v.Why, v.Proof)
}

// correct replaces what is wrong. A flag wins over env, and a script may do
// anything: these stay as they are.
func (w *wiring) correct(wrong Wrong) error {
	if wrong.PodIP {
		if err := w.correctPodIP(); err != nil || w.list != nil {
			return err
		}
	}
	if wrong.RelayURL && w.inEnv(coder.RelayURL) {
		if err := w.setRelayURL(); err != nil {
			return err
		}
	}
	if wrong.ClusterHost && w.inEnv(coder.ClusterHost) {
		return w.set(coder.ClusterHostWiring()[0], "")
	}
	return nil
}

// inEnv says whether an entry of env decides over a variable, or would.
func (w *wiring) inEnv(name string) bool {
	field := w.replica.Variables[name].Origin.Field
	return !strings.Contains(field, ".args") && !strings.Contains(field, ".command")
}

// correctPodIP takes the variables that are meant to hold the pod's address, by
// their names, from status.podIP.
func (w *wiring) correctPodIP() error {
	for _, e := range w.place.Container.Env {
		if !strings.Contains(e.Name, "POD_IP") || isPodIP(e) {
			continue
		}
		if err := w.set(coder.Entry{Name: e.Name, FieldPath: deployment.FieldPodIP}, ""); err != nil {
			return err
		}
	}
	return nil
}
