package render

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// Table is the overview for people: what must differ, host by host, what must be
// the same on all of them, and which ports are open.
func (p Plan) Table() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Coder on %s behind %s\n", human.Count(len(p.Nodes), "host"), p.AccessURL)
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nMust differ\n  host")
	for _, line := range p.Lines(p.Nodes[0]) {
		if own(line.Name) == 1 {
			fmt.Fprint(w, "\t"+line.Name)
		}
	}
	fmt.Fprintln(w)
	for _, n := range p.Nodes {
		fmt.Fprint(w, "  "+n.Name)
		for _, line := range p.Lines(n) {
			if own(line.Name) == 1 {
				fmt.Fprint(w, "\t"+line.Text)
			}
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	fmt.Fprint(w, "\nMust be the same on all hosts\n")
	for _, line := range p.Lines(p.Nodes[0]) {
		if own(line.Name) == 0 {
			fmt.Fprintf(w, "  %s\t%s\n", line.Name, shown(line))
		}
	}
	fmt.Fprintf(w, "  %s\t%s\n", coder.PostgresURL, "(not shown: byte for byte the same)")
	_ = w.Flush()
	fmt.Fprint(w, "\nOpen ports\n")
	for _, port := range p.ports() {
		fmt.Fprintf(w, "  %s\t%s\n", port[0], port[1])
	}
	_ = w.Flush()
	return out.String()
}

func shown(line Line) string {
	if coder.IsSecret(line.Name) {
		return "(not shown)"
	}
	return line.Text
}

// ports are who must reach what.
func (p Plan) ports() [][2]string {
	port, err := p.relayPort()
	if err != nil {
		return nil
	}
	var between []string
	if p.needsRelayURL() {
		between = append(between, fmt.Sprintf("%d/tcp (relay)", port))
	}
	experiments := strings.Split(strings.ToLower(p.Env[coder.Experiments]), ",")
	if on, _ := coder.NATS(p.Version, experiments); on {
		between = append(between, fmt.Sprintf("%d/tcp (pubsub)", coder.NATSPort))
	}
	listen := p.HTTPAddress
	if p.TLS != nil {
		listen = strings.TrimPrefix(listen+" and "+p.TLS.Address, " and ")
	}
	ports := [][2]string{{"from the load balancer", listen}, {"from each host", "the database, and the access URL"}}
	if len(between) > 0 {
		ports = append([][2]string{{"between the hosts", strings.Join(between, ", ")}}, ports...)
	}
	return ports
}
