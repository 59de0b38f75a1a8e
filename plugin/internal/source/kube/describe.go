package kube

import (
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// describe shows an entry of env for people. Text of any other variable than
// those that hold addresses may be a secret.
func describe(entry corev1.EnvVar) string {
	from := entry.ValueFrom
	switch {
	case from == nil:
		_, err := netip.ParseAddr(entry.Value)
		if err == nil || strings.HasPrefix(entry.Name, "CODER_") && (strings.HasSuffix(entry.Name, "_URL") || strings.HasSuffix(entry.Name, "_ADDRESS") || strings.HasSuffix(entry.Name, "_HOST")) {
			return deployment.Text(entry.Value).String()
		}
		return "a text (not shown)"
	case from.FieldRef != nil:
		return from.FieldRef.FieldPath
	case from.SecretKeyRef != nil:
		return "key " + from.SecretKeyRef.Key + " of Secret " + from.SecretKeyRef.Name
	case from.ConfigMapKeyRef != nil:
		return "key " + from.ConfigMapKeyRef.Key + " of ConfigMap " + from.ConfigMapKeyRef.Name
	default:
		return "a resource of the container"
	}
}
