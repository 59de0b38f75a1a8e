package hosts

import (
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// fileChecks judge the environment files as systemd reads them.
func fileChecks() []check.Check {
	return []check.Check{{
		ID: "env-file-unreadable", Area: area, Severity: check.Error, Needs: judgment.Replicas,
		Title:   "systemd reads every line of the environment files, and not everyone can read their secrets",
		Why:     "systemd skips a unit whose environment file is empty, drops lines that it cannot read without an error, and neither expands variables nor knows export.",
		Example: "export CODER_ACCESS_URL=https://coder.example.com in /etc/coder.d/coder.env",
		Remedy:  "Write each setting as NAME=VALUE, and let only the owner and the group of the service read the file.",
		Judge:   onHosts(judgeFiles),
	}}
}

func judgeFiles(j *judgment.Judgment, _ *deployment.Deployment, r deployment.Replica, host deployment.Host) {
	if len(host.EnvFiles) == 0 {
		j.Skip("no environment file was given")
		return
	}
	j.Good()
	for _, file := range host.EnvFiles {
		for _, fault := range file.Faults {
			finding := check.Finding{
				Message: fault.Message, Subject: check.Subject{Kind: "host", Name: r.Name, File: file.Path, Line: fault.Line},
				Observed: fault.Observed, Expected: fault.Expected, Remedy: fault.Remedy,
			}
			if fault.Depends {
				finding.Severity = check.Warning
			}
			j.Find(finding)
		}
	}
}
