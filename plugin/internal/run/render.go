package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/render"
	"github.com/coder-ha/coder-ha/plugin/internal/source"
)

// Render is what a user asks of `coder-ha render`.
type Render struct {
	// Document is a file with the plan; the fields below win over it.
	Document  string
	AccessURL string
	Wildcard  string
	HTTP      string
	// Nodes are NAME=ADDRESS.
	Nodes        []string
	CoderVersion string
	// PostgresURLFile holds the database URL; empty to refer to it only.
	PostgresURLFile string

	Format string
	// Out is the folder that files are written to; empty for standard output.
	Out         string
	Force, Diff bool
}

// Do renders the plan and writes the files, all of them or none. What cannot work is
// refused with the findings of the checks, and then nothing is written.
func (r Render) Do(ctx context.Context, streams Streams) error {
	plan, err := r.plan(ctx, streams)
	if err != nil {
		return err
	}
	if r.Format == string(render.Kubernetes) && len(plan.Nodes) == 0 {
		plan.Nodes = []render.Node{{Name: "pod", Address: "pod"}}
	}
	if err := plan.Problem(); err != nil {
		return err
	}
	files, err := plan.Files(render.Format(r.Format))
	if err != nil {
		return err
	}
	refused, err := r.judge(streams, plan, files)
	switch {
	case err != nil:
		return err
	case refused:
		return ErrFindings
	case r.Diff:
		return showDifference(streams, r.Out, files)
	case r.Out != "":
		if err := r.write(streams, files); err != nil {
			return err
		}
		if plan.PostgresURL == "" {
			r.sayHowToCheck(streams)
		}
		return nil
	}
	return printFiles(streams, files)
}

// errNowhere says that a secret or a difference needs a folder.
var errNowhere = errors.New("--diff, --force and a database URL need --out DIR: nothing secret is written to the screen")

// plan puts the document and the flags together.
func (r Render) plan(ctx context.Context, streams Streams) (render.Plan, error) {
	var document render.Document
	if r.Document != "" {
		content, err := r.read(ctx, streams)
		if err != nil {
			return render.Plan{}, err
		}
		if document, err = render.ParseDocument(content); err != nil {
			return render.Plan{}, fmt.Errorf("%s: %w", r.Document, err)
		}
	}
	for _, given := range []struct {
		flag string
		into *string
	}{{r.AccessURL, &document.AccessURL}, {r.Wildcard, &document.WildcardAccessURL}, {r.HTTP, &document.HTTPAddress}, {r.CoderVersion, &document.CoderVersion}} {
		if given.flag != "" {
			*given.into = given.flag
		}
	}
	if v := document.CoderVersion; v != "" && !coder.ParseVersion(v).Known() {
		return render.Plan{}, fmt.Errorf("%q is not a version of Coder: use a form like 2.37", v)
	}
	urlFile := r.PostgresURLFile
	if urlFile == "" && document.PostgresURLFile != "" {
		urlFile = filepath.Join(filepath.Dir(r.Document), document.PostgresURLFile)
		if filepath.IsAbs(document.PostgresURLFile) {
			urlFile = document.PostgresURLFile
		}
	}
	plan := document.Plan()
	if len(r.Nodes) > 0 {
		plan.Nodes = nil
	}
	for _, pair := range r.Nodes {
		name, address, _ := strings.Cut(pair, "=")
		plan.Nodes = append(plan.Nodes, render.Node{Name: name, Address: address})
	}
	if r.Out == "" && (r.Force || r.Diff || urlFile != "" && r.Format != string(render.Table)) {
		return plan, errNowhere
	}
	if urlFile == "" {
		return plan, nil
	}
	url, err := readURLFile(ctx, urlFile)
	if err != nil {
		return plan, err
	}
	if u, err := pgurl.Parse(url); err == nil {
		streams.Secrets.Add(u.Password())
	} else {
		streams.Secrets.Add(url)
	}
	plan.PostgresURL = url
	return plan, nil
}

func (r Render) read(ctx context.Context, streams Streams) ([]byte, error) {
	if r.Document == "-" {
		return limits.Read(ctx, streams.In, "(standard input)", limits.Table)
	}
	return limits.ReadFile(ctx, r.Document, limits.Table)
}

// judge lets the checks judge what was rendered, as validate would. It says what
// they found, and whether that is an error.
func (r Render) judge(streams Streams, plan render.Plan, files []render.File) (refused bool, err error) {
	d, err := r.model(plan, files)
	if err != nil {
		return false, err
	}
	d.Seal(digest.NewKey())
	found := &facts.Facts{Now: time.Now(), Deployment: d}
	found.Lacks(facts.Database, facts.Gap{Reason: "nothing is asked of the database here"})
	c := &check.Case{Facts: found, Settings: check.DefaultSettings()}
	var said []string
	for _, o := range check.Judge(checks.All(), c, nil) {
		worst, failed := o.Worst()
		if !failed || worst == check.Info || slices.Contains(ofMachine, o.ID) || r.Format == string(render.Kubernetes) && ofPod(o) {
			continue
		}
		refused = refused || worst == check.Error
		for _, f := range o.Findings {
			sentence := fmt.Sprintf("%s: %s: %s: observed %s, expected %s", f.Severity, o.ID, f.Message, f.Observed, f.Expected)
			if !slices.Contains(said, sentence) {
				said = append(said, sentence)
				streams.Say(sentence)
			}
		}
	}
	if refused {
		streams.Say("nothing was written: what was asked for cannot work. `helm coder-ha explain ID` says more.")
	}
	return refused, nil
}

// ofMachine are checks of what a plan does not have.
var ofMachine = []string{"tls-expiry"}

// ofPod says whether a check is about the pod, of which only the env of a container is
// rendered.
func ofPod(o check.Outcome) bool { return o.Area.ID == "workload" || o.ID == "built-in-provisioners" }

// model reads what was rendered.
func (r Render) model(plan render.Plan, files []render.File) (*deployment.Deployment, error) {
	if r.Format == string(render.Kubernetes) {
		return source.OfContainer(files[0].Text, plan.Version.Text, podFamily(plan))
	}
	var envFiles []source.Content
	for _, n := range plan.Nodes {
		f, err := plan.EnvFile(n)
		if err != nil {
			return nil, err
		}
		envFiles = append(envFiles, source.Content{Host: n.Name, Path: f.Name, Text: f.Text})
	}
	dropIn := plan.DropIn()
	return source.OfHosts(envFiles, []source.Content{{Path: dropIn.Name, Text: dropIn.Text}}, plan.Version.Text)
}

// podFamily is the IP family of the pods, as the plan's hosts tell it.
func podFamily(plan render.Plan) string {
	if strings.Contains(plan.Nodes[0].Address, ":") {
		return "IPv6"
	}
	return "IPv4"
}

// printFiles writes the files to standard output, with their names above them where there
// are several.
func printFiles(streams Streams, files []render.File) error {
	for i, f := range files {
		text := f.Text
		if len(files) > 1 {
			text = fmt.Sprintf("# ==> %s\n%s", f.Name, f.Text)
		}
		if i > 0 {
			text = "\n" + text
		}
		if _, err := streams.Product.Write([]byte(text)); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
	}
	return nil
}
