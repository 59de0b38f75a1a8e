package main

import (
	"bufio"
	"fmt"
	"strings"
)

// separator stands between two manifests.
const separator = "---\n"

// configMaps writes a stream of so many manifests, small ConfigMaps around the given
// ones: what nobody judges, so that little but the reading counts.
func configMaps(out *bufio.Writer, coder string, manifests int) {
	own := withoutComments(coder)
	for i := range manifests - len(own) {
		if i == manifests/2 {
			_, _ = out.WriteString(strings.Join(own, separator) + separator)
		}
		_, _ = fmt.Fprintf(out, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-%d\n  namespace: team-%d\ndata:\n  number: \"%d\"\n  text: |\n    one line\n    another line\n%s", i, i/perTeam, i, separator)
	}
}

// cluster writes a stream of so many manifests as `kustomize build` does for a whole
// cluster: the given ones, and around them the namespaces of teams with what teams run. It is the
// same each time.
func cluster(out *bufio.Writer, coder string, manifests int) {
	own := withoutComments(coder)
	left := manifests - len(own)
	for team := 0; left > 0; team++ {
		for _, manifest := range teamManifests(fmt.Sprintf("team-%03d", team), team)[:min(left, perTeam)] {
			_, _ = out.WriteString(manifest + separator)
			left--
		}
		if team == manifests/perTeam/2 {
			_, _ = out.WriteString(strings.Join(own, separator) + separator)
		}
	}
}

// withoutComments are the manifests of a stream as kustomize writes them: without the
// comments that Helm puts above each.
func withoutComments(stream string) []string {
	var out []string
	for document := range strings.SplitSeq(stream, separator) {
		var text strings.Builder
		for line := range strings.Lines(document) {
			if !strings.HasPrefix(strings.TrimSpace(line), "#") {
				text.WriteString(line)
			}
		}
		if strings.TrimSpace(text.String()) != "" {
			out = append(out, text.String())
		}
	}
	return out
}

// perTeam is how many manifests a team has.
const perTeam = 25

func teamManifests(namespace string, team int) []string {
	out := []string{
		fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata:\n  labels:\n    kubernetes.io/metadata.name: %[1]s\n    team: %[1]s\n  name: %[1]s\n", namespace),
		object("v1", "ServiceAccount", namespace, "apps", "automountServiceAccountToken: false\n"),
		object("rbac.authorization.k8s.io/v1", "Role", namespace, "apps", "rules:\n- apiGroups:\n  - \"\"\n  resources:\n  - configmaps\n  - secrets\n  verbs:\n  - get\n  - list\n"),
		object("rbac.authorization.k8s.io/v1", "RoleBinding", namespace, "apps", fmt.Sprintf("roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: apps\nsubjects:\n- kind: ServiceAccount\n  name: apps\n  namespace: %s\n", namespace)),
		object("v1", "Secret", namespace, "registry", "data:\n  password: c2VjcmV0LW9mLXRlYW0=\n  username: dGVhbQ==\ntype: Opaque\n"),
		object("networking.k8s.io/v1", "NetworkPolicy", namespace, "default", "spec:\n  ingress:\n  - from:\n    - podSelector: {}\n  podSelector: {}\n  policyTypes:\n  - Ingress\n"),
		object("batch/v1", "CronJob", namespace, "cleanup", "spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n          - args:\n            - --older-than=7d\n            image: registry.example.com/cleanup:1.4.2\n            name: cleanup\n          restartPolicy: Never\n  schedule: 17 3 * * *\n"),
	}
	for app := 0; len(out) < perTeam; app++ {
		out = append(out, appManifests(namespace, fmt.Sprintf("app-%d", app), team+app)...)
	}
	return out[:perTeam]
}

// appManifests are those of one program of a team.
func appManifests(namespace, name string, seed int) []string {
	return []string{
		object("apps/v1", "Deployment", namespace, name, fmt.Sprintf(deploymentSpec, name, 1+seed%3, 9000+seed%100)),
		object("v1", "Service", namespace, name, fmt.Sprintf("spec:\n  ports:\n  - name: http\n    port: 80\n    targetPort: http\n  selector:\n    app.kubernetes.io/name: %s\n", name)),
		object("v1", "ConfigMap", namespace, name, fmt.Sprintf("data:\n  app.yaml: |\n    # The settings of %[1]s.\n    listen: 0.0.0.0:%[2]d\n    log:\n      format: json\n      level: info\n    upstreams: [\"http://a.%[3]s\", \"http://b.%[3]s\"]\n  FEATURES: search,export\n", name, 9000+seed%100, namespace)),
		object("policy/v1", "PodDisruptionBudget", namespace, name, fmt.Sprintf("spec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: %s\n", name)),
		object("autoscaling/v2", "HorizontalPodAutoscaler", namespace, name, fmt.Sprintf("spec:\n  maxReplicas: 8\n  metrics:\n  - resource:\n      name: cpu\n      target:\n        averageUtilization: 70\n        type: Utilization\n    type: Resource\n  minReplicas: 2\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: %s\n", name)),
		object("networking.k8s.io/v1", "Ingress", namespace, name, fmt.Sprintf("spec:\n  ingressClassName: nginx\n  rules:\n  - host: %[1]s.%[2]s.example.com\n    http:\n      paths:\n      - backend:\n          service:\n            name: %[1]s\n            port:\n              name: http\n        path: /\n        pathType: Prefix\n", name, namespace)),
	}
}

const deploymentSpec = `spec:
  replicas: %[2]d
  selector:
    matchLabels:
      app.kubernetes.io/name: %[1]s
  template:
    metadata:
      annotations:
        prometheus.io/port: "%[3]d"
        prometheus.io/scrape: "true"
      labels:
        app.kubernetes.io/name: %[1]s
    spec:
      containers:
      - args:
        - --config=/etc/app/app.yaml
        env:
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
        - name: FEATURES
          valueFrom:
            configMapKeyRef:
              key: FEATURES
              name: %[1]s
        image: registry.example.com/%[1]s:2.%[2]d.0
        name: app
        ports:
        - containerPort: %[3]d
          name: http
        readinessProbe:
          httpGet:
            path: /healthz
            port: http
        resources:
          limits:
            memory: 256Mi
          requests:
            cpu: 100m
            memory: 128Mi
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
        volumeMounts:
        - mountPath: /etc/app
          name: config
      serviceAccountName: apps
      volumes:
      - configMap:
          name: %[1]s
        name: config
`

// object is a manifest with the metadata that all have.
func object(version, kind, namespace, name, content string) string {
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata:\n  labels:\n    app.kubernetes.io/managed-by: kustomize\n    app.kubernetes.io/name: %[4]s\n  name: %[4]s\n  namespace: %[3]s\n%[5]s", version, kind, namespace, name, content)
}
