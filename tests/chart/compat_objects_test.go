package chart_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func httpsServicePort() corev1.ServicePort {
	return corev1.ServicePort{Name: "https", Port: 443, TargetPort: intstr.FromString("https"), Protocol: corev1.ProtocolTCP}
}

// meta is the metadata of an object named coder.
func (w *world) meta(name string, annotations map[string]string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: w.workload.Namespace, Labels: w.releaseLabels(), Annotations: annotations,
	}
}

func TestUpstreamServiceValuesHaveTheUpstreamEffect(t *testing.T) {
	checkCompat(t, []compatCase{
		{
			name: "a load balancer with all its values",
			values: `
coder:
  service:
    annotations: {example.com/internal: "true"}
    loadBalancerIP: 192.0.2.1
    loadBalancerClass: example.com/lb
    externalTrafficPolicy: Local
    sessionAffinity: ClientIP
    httpNodePort: "30080"`,
			upstream: func(w *world) {
				spec := &w.service.Spec
				w.service.Annotations = map[string]string{"example.com/internal": "true"}
				spec.LoadBalancerIP, spec.LoadBalancerClass = "192.0.2.1", new("example.com/lb")
				spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
				spec.SessionAffinity = corev1.ServiceAffinityClientIP
				spec.Ports[0].NodePort = 30080
			},
		},
		{
			name: "node ports are numbers or text, and one of them is for nothing",
			values: `
coder:
  tls: {secretNames: [a]}
  service: {type: NodePort, httpNodePort: 30080, httpsNodePort: "30443", prometheusNodePort: 31112, loadBalancerIP: 192.0.2.1}`,
			upstream: func(w *world) {
				withTLS(w)
				w.pod().Volumes = w.pod().Volumes[:1]
				w.pod().Volumes[0] = corev1.Volume{Name: "tls-a", VolumeSource: secretVolume("a")}
				w.coder().VolumeMounts = []corev1.VolumeMount{
					{Name: "tls-a", MountPath: "/etc/ssl/certs/coder/a", ReadOnly: true},
				}
				w.setEnv(corev1.EnvVar{Name: "CODER_TLS_CERT_FILE", Value: "/etc/ssl/certs/coder/a/tls.crt"})
				w.setEnv(corev1.EnvVar{Name: "CODER_TLS_KEY_FILE", Value: "/etc/ssl/certs/coder/a/tls.key"})
				w.service.Spec.Type = corev1.ServiceTypeNodePort
				w.service.Spec.ExternalTrafficPolicy = ""
				w.service.Spec.Ports[0].NodePort, w.service.Spec.Ports[1].NodePort = 30080, 30443
			},
		},
		{
			name:   "no node ports in a cluster IP",
			values: `coder: {service: {type: ClusterIP, httpNodePort: 30080}}`,
			upstream: func(w *world) {
				w.service.Spec.Type, w.service.Spec.ExternalTrafficPolicy = corev1.ServiceTypeClusterIP, ""
			},
		},
		{
			name:     "no Service",
			values:   `coder: {service: {enable: false}}`,
			upstream: func(w *world) { w.service = nil },
		},
	})
}

func TestUpstreamAccountValuesHaveTheUpstreamEffect(t *testing.T) {
	own := rule("networking.k8s.io", "ingresses", "get", "list")
	checkCompat(t, []compatCase{
		{
			name: "an account of another name, rules, and namespaces that differ",
			values: `
coder:
  serviceAccount:
    name: my-coder
    annotations: {role: arn}
    labels: {team: a}
    extraRules: [{apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [get, list]}]
    workspaceNamespaces:
      - {name: same}
      - {name: no-deployments, enableDeployments: false}
      - {name: none, workspacePerms: false}
      - {name: own-rules, extraRules: []}
      - {enableDeployments: true}`,
			upstream: func(w *world) {
				here := w.workload.Namespace
				w.account.Name, w.account.Annotations = "my-coder", map[string]string{"role": "arn"}
				w.account.Labels["team"] = "a"
				w.pod().ServiceAccountName = "my-coder"
				w.roles, w.bindings = nil, nil
				all := append(upstreamRules(), own)
				w.addRBAC("my-coder", here, here, all...)
				w.addRBAC("my-coder", here, "same", all...)
				w.addRBAC("my-coder", here, "no-deployments", upstreamRules()[0], upstreamRules()[1], own)
				w.addRBAC("my-coder", here, "own-rules", upstreamRules()...)
			},
		},
		{
			name: "no permissions here and an account that exists",
			values: `
coder:
  serviceAccount: {disableCreate: true, workspacePerms: false, workspaceNamespaces: [{name: there, workspacePerms: true}, {name: nowhere}]}`,
			upstream: func(w *world) {
				w.account, w.roles, w.bindings = nil, nil, []*rbacv1.RoleBinding(nil)
				w.addRBAC("coder", w.workload.Namespace, "there", upstreamRules()...)
			},
		},
	})
}

func TestUpstreamRouteValuesHaveTheUpstreamEffect(t *testing.T) {
	checkCompat(t, []compatCase{
		{
			name: "an Ingress with a wildcard whose suffix it cannot hold",
			values: `
coder:
  ingress:
    enable: true
    className: nginx
    host: coder.example.com
    wildcardHost: "*-apps.coder.example.com"
    annotations: {a: b}
    tls: {enable: true, secretName: tls, wildcardSecretName: wildcard-tls}`,
			upstream: func(w *world) {
				w.others = append(w.others, w.ingress("coder.example.com", "*.coder.example.com"))
			},
		},
		{
			name: "a route, its redirect and listeners",
			values: `
coder:
  httproute:
    enable: true
    parentRefs: [{name: gateway, namespace: gateways}]
    host: coder.example.com
    wildcardHost: "*.coder.example.com"
    annotations: {a: b}
    httpsRedirect: {enable: true, statusCode: 301, parentRefs: [{name: gateway, port: 80}]}
  listenerset:
    enable: true
    parentRef: {name: gateway}
    listeners: [{name: https, port: 443, protocol: HTTPS}]`,
			upstream: func(w *world) { w.others = append(w.others, w.route(), w.redirect(), w.listeners()) },
		},
		{
			name: "extra templates are templates, text or not",
			values: `
custom: 5
extraTemplates:
  - |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "{{ .Release.Name }}-text", namespace: "{{ .Release.Namespace }}"}
    data: {custom: "{{ .Values.custom }}", name: {{ include "coder.name" . }}}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: object, namespace: "{{ .Release.Namespace }}"}
    data: {release: "{{ .Release.Name }}"}`,
			upstream: func(w *world) {
				release := w.workload.Spec.Selector.MatchLabels["app.kubernetes.io/instance"]
				for name, data := range map[string]map[string]string{
					release + "-text": {"custom": "5", "name": "coder"},
					"object":          {"release": release},
				} {
					w.others = append(w.others, &corev1.ConfigMap{
						TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
						ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.workload.Namespace},
						Data:       data,
					})
				}
			},
		},
	})
}

func (w *world) ingress(hosts ...string) *networkingv1.Ingress {
	ingress := &networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: w.meta("coder", map[string]string{"a": "b"}),
		Spec: networkingv1.IngressSpec{IngressClassName: new("nginx"), TLS: []networkingv1.IngressTLS{
			{Hosts: hosts[:1], SecretName: "tls"}, {Hosts: hosts[1:], SecretName: "wildcard-tls"},
		}},
	}
	for _, host := range hosts {
		ingress.Spec.Rules = append(ingress.Spec.Rules, networkingv1.IngressRule{
			Host: host,
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
				Paths: []networkingv1.HTTPIngressPath{{
					Path: "/", PathType: new(networkingv1.PathTypePrefix),
					Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
						Name: "coder", Port: networkingv1.ServiceBackendPort{Name: "http"},
					}},
				}},
			}},
		})
	}
	return ingress
}

func (w *world) route() *gatewayv1.HTTPRoute {
	return &gatewayv1.HTTPRoute{
		TypeMeta:   metav1.TypeMeta{APIVersion: "gateway.networking.k8s.io/v1", Kind: "HTTPRoute"},
		ObjectMeta: w.meta("coder", map[string]string{"a": "b"}),
		Spec: gatewayv1.HTTPRouteSpec{
			CommonRouteSpec: gatewayv1.CommonRouteSpec{ParentRefs: []gatewayv1.ParentReference{
				{Name: "gateway", Namespace: new(gatewayv1.Namespace("gateways"))},
			}},
			Hostnames: []gatewayv1.Hostname{"coder.example.com", "*.coder.example.com"},
			Rules: []gatewayv1.HTTPRouteRule{{BackendRefs: []gatewayv1.HTTPBackendRef{{BackendRef: gatewayv1.BackendRef{
				BackendObjectReference: gatewayv1.BackendObjectReference{Name: "coder", Port: new(gatewayv1.PortNumber(80))},
			}}}}},
		},
	}
}

func (w *world) redirect() *gatewayv1.HTTPRoute {
	redirect := w.route()
	redirect.ObjectMeta = w.meta("coder-https-redirect", nil)
	redirect.Spec.ParentRefs = []gatewayv1.ParentReference{{Name: "gateway", Port: new(gatewayv1.PortNumber(80))}}
	redirect.Spec.Rules = []gatewayv1.HTTPRouteRule{{
		Matches: []gatewayv1.HTTPRouteMatch{{Path: &gatewayv1.HTTPPathMatch{
			Type: new(gatewayv1.PathMatchPathPrefix), Value: new("/"),
		}}},
		Filters: []gatewayv1.HTTPRouteFilter{{
			Type:            gatewayv1.HTTPRouteFilterRequestRedirect,
			RequestRedirect: &gatewayv1.HTTPRequestRedirectFilter{Scheme: new("https"), StatusCode: new(301)},
		}},
	}}
	return redirect
}

func (w *world) listeners() *gatewayv1.ListenerSet {
	return &gatewayv1.ListenerSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "gateway.networking.k8s.io/v1", Kind: "ListenerSet"},
		ObjectMeta: w.meta("coder", nil),
		Spec: gatewayv1.ListenerSetSpec{
			ParentRef: gatewayv1.ParentGatewayReference{Name: "gateway"},
			Listeners: []gatewayv1.ListenerEntry{{Name: "https", Port: 443, Protocol: gatewayv1.HTTPSProtocolType}},
		},
	}
}
