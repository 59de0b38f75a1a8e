// The modules that hold the definitions of Argo CD's and Flux's own kinds. No code of
// them is compiled.
module github.com/coder-ha/coder-ha/tests/gitops/crds

go 1.26.0

require (
	github.com/argoproj/argo-cd/v3 v3.4.0
	github.com/fluxcd/helm-controller v1.4.0
	github.com/fluxcd/source-controller v1.7.0
)
