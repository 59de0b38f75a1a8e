package cli

import (
	"github.com/spf13/pflag"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// addInCluster adds the flags of what is asked from the places of the replicas.
func addInCluster(f *pflag.FlagSet, c *run.InCluster) {
	f.BoolVar(&c.On, "in-cluster", false, "start a pod in the place of each replica for some seconds, and ask from there: the database, the other replicas and the access URL")
	f.StringVar(&c.AgentImage, "agent-image", "", "with --in-cluster: image with the agent for the pods, where exec is forbidden or the image of Coder has no shell (default: the image of Coder)")
	f.BoolVar(&c.Keep, "keep", false, "with --in-cluster: leave the pods for an hour, to look at them")
}

// addBeside adds them for a deployment that runs, where one pod asks the database.
func addBeside(f *pflag.FlagSet, c *run.InCluster) {
	f.BoolVar(&c.On, "in-cluster", false, "start one pod beside the replicas for some seconds, and ask the database from there")
	f.StringVar(&c.AgentImage, "agent-image", "", "with --in-cluster: image with the agent for the pod, where exec is forbidden or the image of Coder has no shell (default: the image of Coder)")
}
