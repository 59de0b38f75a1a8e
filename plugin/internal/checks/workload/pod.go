package workload

import (
	"strconv"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// podChecks judge what the pods run, with how much, and how they are replaced.
func podChecks() []check.Check {
	return []check.Check{
		{
			ID: "surge-single-replica", Area: area, Severity: check.Info, Needs: judgment.Replicas,
			Title:   "a single replica is stopped before the next one starts",
			Why:     "A Deployment starts the new pod before it stops the old one. For a while two replicas run on one database, and Coder may show that high availability needs a license.",
			Example: "a Deployment with replicas: 1 and no strategy",
			Remedy:  "Set strategy: {type: Recreate} in the Deployment.",
			Judge:   judgment.EachWorkload(judgeSurge),
		},
		{
			ID: "image-mutable-tag", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "the image of the replicas has a tag other than latest, or a digest",
			Why:     "A replica that starts later may get another version of Coder than the others, which migrates the database below them.",
			Example: "image: ghcr.io/coder/coder:latest, with 3 replicas",
			Remedy:  "Give the image the tag of a version, such as ghcr.io/coder/coder:v2.37.1.",
			Judge:   judgment.BetweenReplicas(judgeImage),
		},
		{
			ID: "resources-small", Area: area, Severity: check.Info, Needs: judgment.Replicas,
			Title:   "a replica has no less CPU and memory than Coder advises for 1,000 users",
			Why:     "The smallest size that Coder has validated is three replicas with 2 CPUs and 8 GB each, for 1,000 users. Fewer users may need less.",
			Example: "limits: {cpu: 2, memory: 4Gi}",
			Remedy:  "Set requests and limits to 2 CPUs and 8Gi, unless you have seen that less is enough.",
			Judge:   judgment.EachWorkload(judgeResources),
		},
	}
}

func judgeSurge(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	switch {
	case w.Pod == nil:
		j.Skip("the replicas are no pods")
	case d.Several():
		j.Skip("more than one replica runs")
	case w.Update == nil:
		j.Skip("no Deployment replaces the pod")
	case !w.Update.Surges:
		j.Good()
	default:
		subject := judgment.At(d, r, w.Update.Origin)
		j.Find(check.Finding{
			Message: "two replicas run for a while at each update of the only one", Subject: subject,
			Observed: w.Update.Shown, Expected: "Recreate, or RollingUpdate with maxSurge 0",
		})
	}
}

func judgeImage(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	if w.Pod == nil {
		j.Skip("the replicas are no pods")
		return
	}
	image := w.Pod.CoderContainer().Image
	_, tag, digest := deployment.SplitImage(image)
	switch {
	case strings.TrimSpace(image) == "":
		j.Skip("the image is filled in elsewhere")
	case digest != "", tag != "" && tag != "latest":
		j.Good()
	case w.Kind == "DeploymentConfig":
		j.Unproven("an image trigger of the DeploymentConfig may fill in the image", "look at the running deployment: oc describe dc "+w.Name)
	default:
		j.Find(check.Finding{
			Message: "replicas that start at different times may run different versions of Coder", Subject: judgment.Container(d, r),
			Observed: "image: " + image, Expected: "the tag of a version, or a digest",
		})
	}
}

// The smallest size that Coder has validated (coder/coder
// docs/admin/infrastructure/validated-architectures/1k-users.md).
const (
	leastMilliCPU = 2000
	leastMemory   = 8_000_000_000
)

func judgeResources(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	pod := d.Workloads[r.Workload].Pod
	if pod == nil {
		j.Skip("the replicas are no pods")
		return
	}
	has := pod.Resources
	var small []string
	if has.CPUField != "" && has.MilliCPU < leastMilliCPU {
		small = append(small, has.CPUField+": "+cpus(has.MilliCPU))
	}
	if has.MemoryField != "" && has.Memory < leastMemory {
		small = append(small, has.MemoryField+": "+memory(has.Memory))
	}
	switch {
	case len(small) > 0:
		j.Find(check.Finding{
			Message: "a replica has less than Coder advises for 1,000 users", Subject: judgment.Container(d, r),
			Observed: strings.Join(small, ", "), Expected: "2 CPUs and 8Gi",
		})
	case has.CPUField == "" || has.MemoryField == "":
		j.Skip("the container does not state both CPU and memory")
	default:
		j.Good()
	}
}

// cpus shows CPUs as a manifest has them.
func cpus(milli int64) string {
	if milli%1000 == 0 {
		return strconv.FormatInt(milli/1000, 10)
	}
	return strconv.FormatInt(milli, 10) + "m"
}

// memory shows bytes as a manifest has them.
func memory(bytes int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "Gi"}, {1_000_000_000, "G"}, {1 << 20, "Mi"}, {1_000_000, "M"}, {1 << 10, "Ki"}} {
		if bytes >= unit.size && bytes%unit.size == 0 {
			return strconv.FormatInt(bytes/unit.size, 10) + unit.name
		}
	}
	return strconv.FormatInt(bytes, 10)
}
