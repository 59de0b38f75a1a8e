package settings

import (
	"fmt"
	"path"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// storageChecks judge what coderd keeps in files, and what it encrypts.
func storageChecks() []check.Check {
	return []check.Check{
		{
			ID: "cache-directory-shared", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "the cache directory is on no volume that replicas share",
			Why:     "Coder's cache is not safe for several replicas: they overwrite each other's Terraform and its plugins, and builds fail.",
			Example: "CODER_CACHE_DIRECTORY=/cache on one PersistentVolumeClaim for all pods",
			Remedy:  "Mount an emptyDir for the cache, or a claim for each pod by volumeClaimTemplates.",
			Judge:   judgment.BetweenReplicas(judgeCache),
		},
		{
			ID: "encryption-keys-invalid", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "each encryption key is 32 bytes in base64",
			Why:     "coderd exits at an encryption key that it cannot read.",
			Example: "CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS=KEY1, KEY2 with a space",
			Remedy:  "Make each key with `dd if=/dev/urandom bs=32 count=1 | base64`, and write several with commas and no spaces. Keep the keys that the database is encrypted with.",
			Judge:   judgment.EachWorkload(judgeKeys),
		},
	}
}

func judgeKeys(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	value, keys := r.Env(coder.EncryptionKeys), r.EncryptionKeys
	switch {
	case value.Unset():
		j.Skip("no encryption keys are set")
	case keys == nil:
		j.Unknown(coder.EncryptionKeys, value)
	case len(keys.Faults) == 0:
		j.Good()
	default:
		for _, fault := range keys.Faults {
			j.Find(check.Finding{
				Message: fmt.Sprintf("encryption key %d of %d %s", fault.Position, keys.Count, fault.Reason), Subject: judgment.Of(d, r, value),
				Observed: "a key that " + fault.Reason, Expected: "32 bytes in base64",
			})
		}
	}
}

// imageCache is the cache in Coder's own image, whose HOME is /home/coder
// (coder/coder scripts/Dockerfile.base).
const imageCache = "/home/coder/.cache/coder"

func judgeCache(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	pod := d.Workloads[r.Workload].Pod
	value := r.Env(coder.CacheDirectory)
	directory, literal := value.Or(imageCache).Text.Literal()
	switch {
	case pod == nil && value.Unset():
		j.Skip("the default is a folder of the host's own")
	case pod == nil:
		j.Unproven("the file system behind "+coder.CacheDirectory+" is not in the input", "look for a network file system on each host: findmnt -T DIRECTORY")
	case !anyShared(pod):
		j.Good()
	case value.State == deployment.Unknown, !literal, value.FromSecret, value.Hidden:
		why := value
		if why.Why == "" {
			why.Why, why.Proof = "the path is not known", "write it into the manifest"
		}
		j.Unknown(coder.CacheDirectory, why)
	case value.Unset() && (!official(pod) || movesHome(r)):
		j.Unproven("the image decides where the cache is", "set "+coder.CacheDirectory)
	default:
		judgeMount(j, d, r, value, directory)
	}
}

// anyShared says whether a volume may be shared by replicas.
func anyShared(pod *deployment.Pod) bool {
	for _, m := range pod.Mounts {
		if m.Sharing != deployment.OwnVolume {
			return true
		}
	}
	return false
}

// official says whether the image is Coder's, or named as it is.
func official(pod *deployment.Pod) bool {
	repository, _, _ := deployment.SplitImage(pod.CoderContainer().Image)
	return path.Base(repository) == "coder"
}

// movesHome says whether a variable moves the default of the cache directory.
func movesHome(r deployment.Replica) bool {
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "CACHE_DIRECTORY"} {
		if _, set := r.Variables[name]; set {
			return true
		}
	}
	return false
}

func judgeMount(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, value deployment.Value, directory string) {
	mount, mounted := d.Workloads[r.Workload].Pod.MountAt(directory)
	switch {
	case !mounted || mount.Sharing == deployment.OwnVolume:
		j.Good()
	case mount.Sharing == deployment.UnclearSharing:
		j.Unproven(fmt.Sprintf("the cache directory is on %s: %s", mount.What, mount.Why), "mount an emptyDir for the cache")
	case users(d, r, mount) < 2:
		j.Good()
	default:
		shown := coder.CacheDirectory + "=" + directory
		if value.Unset() {
			shown = "the default " + directory
		}
		j.Find(check.Finding{
			Message: "all replicas have their cache directory on " + mount.What, Subject: judgment.At(d, r, mount.Origin),
			Observed: shown + ", mounted at " + strings.TrimSuffix(mount.Path, "/"), Expected: "a volume of its own for each replica",
		})
	}
}

// users is how many replicas mount the same part of a volume.
func users(d *deployment.Deployment, r deployment.Replica, mount deployment.Mount) int {
	n := 0
	for i, w := range d.Workloads {
		if w.Pod == nil {
			continue
		}
		for _, m := range w.Pod.Mounts {
			same := m.Sharing == deployment.SharedVolume && m.What == mount.What && m.Part == mount.Part
			if same && (i == r.Workload || strings.HasPrefix(m.What, "PersistentVolumeClaim ") || strings.HasPrefix(m.What, "NFS ")) {
				n += w.Replicas
				break
			}
		}
	}
	return n
}
