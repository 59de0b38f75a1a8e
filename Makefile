# The only door to this repository: `make` lists the targets.
# Nothing here uses a tool of the machine beyond Go, git, make and a C compiler:
# the rest is built from pinned Go modules (tests/tools) or installed from the
# distribution when it is missing (tests/tools/system-packages).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION := $(shell sed -n 's/^version: *//p' plugin/plugin.yaml)
HOST := $(shell go env GOOS)-$(shell go env GOARCH)
PLATFORMS ?= linux-amd64 linux-arm64 darwin-amd64 darwin-arm64 windows-amd64
DIST ?= dist
TOOLS := $(CURDIR)/.cache/bin
HELM ?= helm

# The race detector needs cgo; go turns cgo off where there is no C compiler.
# Without inlining (-l) a cold machine compiles for it a quarter faster.
CGO := $(shell go env CGO_ENABLED)
RACE := $(if $(filter 1,$(CGO)),-race -gcflags=all=-l)
# Everything but the race detector compiles in one way, and tests/tools/one-version
# sees to one version of each library: what one build has compiled, the next one
# takes from Go's cache. Compiling is most of what a cold machine does.
export CGO_ENABLED := 0
export GOFLAGS := $(strip $(filter-out -trimpath -buildvcs=%,$(shell go env GOFLAGS)) -trimpath -buildvcs=false)
# A cluster needs root; only the test program gets it, not go.
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),-exec 'sudo -E env HOME=/root PATH=$(PATH)')
# Terratest brings the SDK of AWS along, which no test calls: without inlining it
# compiles in half the time.
TERRATEST := -gcflags=github.com/aws/...=-l
# golangci-lint runs go vet; here it would type-check every library once more.
GO_TEST := go test -vet=off $(TERRATEST)
# Compiles everything that a module's tests need, and names each package.
COMPILE := go list -export -deps -test -v $(TERRATEST)
STEP := $(CURDIR)/tests/tools/step
# The tests that compare the plugin with a coderd in tests/coderd.
DIFFERENTIAL := -count=1 -tags oracle -run '^TestWeRead' ./plugin/internal/coder ./plugin/internal/pgurl ./plugin/internal/probe/coderapi
SAY := @printf '\n==> %s\n'

##@ Use

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  %-17s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: build helm3 postgres ## Check three replicas against a throw-away Postgres, then two mistakes
	@cd tests && $(STEP) "building the demo" go build -v -o $(TOOLS)/demo ./demo && exec $(TOOLS)/demo

.PHONY: build
build: bin/coder-ha ## Build bin/coder-ha and the plugin directory for this machine

.PHONY: install
install: build ## Install ./plugin into your own Helm (HELM=/path/to/helm)
	@command -v $(HELM) >/dev/null || { echo "make install: no '$(HELM)' found; give the path: make install HELM=/path/to/helm" >&2; exit 1; }
	@if $(HELM) plugin list | grep -q '^coder-ha[[:space:]]'; then $(HELM) plugin uninstall coder-ha; fi
	$(HELM) plugin install $(CURDIR)/plugin

.PHONY: package
package: $(foreach p,$(PLATFORMS),plugin/bin/coder-ha-$(p)$(if $(findstring windows,$(p)),.exe)) ## Write the chart and the plugin archives to dist/, with SBOMs and OCI layouts
	@cd tests/tools/package && $(STEP) "packaging coder-ha $(VERSION)" go run -v . "$(VERSION)" "$(DIST)" $(PLATFORMS)

##@ Prove

.PHONY: unit
unit: ## Run the plugin's own unit tests, in seconds (PKG=./plugin/internal/report RUN=TestName)
	@$(GO_TEST) $(if $(RUN),-run '$(RUN)') $(or $(PKG),./...)

.PHONY: test
test: build helm3 helm4 actionlint postgres host-packages manual-packages ## Run every fast test: plugin, chart, both Helms, a real Postgres
	@CGO_ENABLED=$(CGO) $(STEP) "compiling the plugin's unit tests$(if $(RACE), with the race detector)" $(COMPILE) -tags helm $(RACE) ./... >/dev/null
	@CGO_ENABLED=$(CGO) $(STEP) "running them" $(GO_TEST) -tags helm $(RACE) ./...
	@cd tests && $(STEP) "compiling the tests of the chart, of the plugin under both Helms, of Postgres" $(COMPILE) ./... >/dev/null
	@cd tests/tools/package && $(STEP) "compiling and testing what packages a release" $(GO_TEST) ./...
	@cd tests && $(STEP) "running them" $(GO_TEST) -count=1 ./...
	@cd tests/coderd && $(STEP) "compiling the options, the driver and the client of coderd, in several versions" bash -c 'for modfile in go.mod v2.29.1.mod v2.24.0.mod; do go build -v -modfile=$$modfile -o /dev/null . && go build -v -modfile=$$modfile -o /dev/null ./api || exit; done'
	@$(STEP) "comparing with them how the plugin reads settings, connection URLs and answers" $(GO_TEST) $(DIFFERENTIAL)
	@cd tests/coderd && $(GO_TEST) -count=1 ./...

.PHONY: test-postgres
test-postgres: build postgres postgres-majors ## Ask every major version of Postgres from 12 on
	$(SAY) "the pre-flight against every major version of Postgres"
	@cd tests && $(GO_TEST) -count=1 -tags majors ./postgres/majors

.PHONY: test-coderd
test-coderd: ## Compare how the plugin reads settings with a real coderd, built from its module
	$(SAY) "building coderd (minutes, once), and starting it some hundred times"
	@$(GO_TEST) -count=1 -timeout 60m -tags coderd -run '^TestARealCoderd' ./plugin/internal/coder

.PHONY: test-systemd
test-systemd: ## Compare how the plugin reads environment files and units with a real systemd
	@tests/tools/system-packages systemd
	$(SAY) "a systemd in namespaces of its own, and what it hands to some thousand services"
	@$(GO_TEST) $(AS_ROOT) -count=1 -timeout 30m -tags systemd -run '^TestWeReadWhatSystemdHandsOver' -v ./plugin/internal/systemd -args -for $(or $(FUZZTIME),30s) -seed $$RANDOM

.PHONY: test-browser
test-browser: build postgres ## Look at the HTML report in a real browser; screenshots go to .cache/browser
	@tests/tools/system-packages chromium-headless-shell
	$(SAY) "the HTML report on a phone, on a desk, in the dark and on paper"
	@cd tests && $(GO_TEST) -count=1 -tags browser ./browser

.PHONY: fuzz
fuzz: ## Run every fuzz test of the plugin for a while (FUZZTIME=30s)
	@tests/tools/fuzz $(or $(FUZZTIME),30s)
	$(SAY) "how the plugin reads settings and connection URLs, compared with coderd's own parts, for $(or $(FUZZTIME),30s)"
	@$(GO_TEST) -timeout 0 -v $(DIFFERENTIAL) -args -for $(or $(FUZZTIME),30s) -seed $$RANDOM

.PHONY: fuzz-keep
fuzz-keep: ## Keep inputs that the fuzz tests found, for every run of the unit tests
	@tests/tools/fuzz-keep

.PHONY: e2e
e2e: build helm3 helm4 cluster-packages ## Prove the chart on a real Kubernetes cluster of this machine
	$(SAY) "the chart on a real cluster"
	@cd tests/e2e && $(GO_TEST) -count=1 ./standin ./load
	@cd tests/e2e && $(GO_TEST) $(AS_ROOT) -count=1 -timeout 60m -parallel 4 -v .
	@$(MAKE) --no-print-directory e2e-hosts

.PHONY: e2e-hosts
e2e-hosts: build postgres host-packages ## Prove what render writes on three hosts, each a systemd in namespaces of its own
	$(SAY) "three hosts that run by the rendered files"
	@cd tests && $(GO_TEST) $(AS_ROOT) -count=1 -timeout 15m -tags hosts -run '^TestThreeHosts' -v ./hosts

.PHONY: e2e-coder
e2e-coder: build helm3 helm4 cluster-packages ## The same with a real coderd, built from its module, in the stand-in's place
	$(SAY) "the chart with a real coderd on a real cluster"
	@image=$$(cd tests/e2e && go run ./cmd/cluster coderd | sed -n 's/^export E2E_CODER_IMAGE=//p') && cd tests/e2e && \
		E2E_CODER_IMAGE=$$image E2E_FIGURES=$(CURDIR)/.cache/e2e/figures-coder.md $(GO_TEST) $(AS_ROOT) -count=1 -timeout 60m -parallel 4 -v .
	@cd tests/e2e/coderd && go build -ldflags '-s -w' -o $(CURDIR)/.cache/e2e/coder github.com/coder/coder/v2/enterprise/cmd/coder
	@HOSTS_CODERD=$(CURDIR)/.cache/e2e/coder $(MAKE) --no-print-directory e2e-hosts

.PHONY: cluster-up
cluster-up: cluster-packages ## Start such a cluster to try things on (CLUSTER='--name dev6 --ipv6')
	@cd tests/e2e && go run $(AS_ROOT) ./cmd/cluster up $(CLUSTER)

.PHONY: cluster-down
cluster-down: ## End it (CLUSTER='--name dev6')
	@cd tests/e2e && go run $(AS_ROOT) ./cmd/cluster down $(CLUSTER)

.PHONY: bench
bench: build helm3 kube-score postgres ## Time validate against helm template and kube-score, and the pre-flight on a 50 ms line
	$(SAY) "coder-ha validate against helm template of the same chart, and against kube-score on a whole cluster"
	@cd tests && go build -o $(TOOLS)/bench ./bench && $(TOOLS)/bench
	$(SAY) "the Postgres pre-flight, on loopback and on a line of 50 ms"
	@cd tests && $(GO_TEST) -run '^$$' -bench PreFlight -benchtime 5x ./postgres

##@ Keep in order

.PHONY: lint
lint: $(TOOLS)/golangci-lint $(TOOLS)/kube-score helm3 lint-packages ## Lint Go, shell, YAML and the chart
	@tests/tools/lint

# Files that a program writes; `make verify-generated` fails when one is stale.
GENERATED := charts/coder/README.md charts/coder/files/values.json docs/checks.md plugin/internal/coder/settings_gen.go \
	$(foreach p,replicas relay-url positions screen,docs/images/$(p)-light.svg docs/images/$(p)-dark.svg)

.PHONY: generate
generate: $(TOOLS)/helm-docs ## Write the generated files anew
	@go generate ./...
	@$(TOOLS)/helm-docs --chart-search-root charts --sort-values-order file --log-level warning
	@$(MAKE) --no-print-directory bin/coder-ha
	@go run ./docs/images/screen docs/images

.PHONY: verify-generated
verify-generated: ## Fail when a generated file is stale
	@tests/tools/verify-generated $(GENERATED)

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint ## Format the Go code
	@for m in $$(tests/tools/go-modules); do (cd "$$m" && $(TOOLS)/golangci-lint fmt -c $(CURDIR)/.golangci.yml); done

.PHONY: clean
clean: ## Remove what was built, except the tools in .cache
	rm -rf bin plugin/bin dist $(AGENTS)

# --- The plugin -------------------------------------------------------------

# The agents that the plugin brings into pods, one for each architecture.
AGENTS := $(foreach arch,amd64 arm64,plugin/internal/agent/embedded/bin/agent-linux-$(arch).gz)
SOURCES := go.mod go.sum tests/tools/helm-ldflags $(shell find plugin charts -name bin -prune -o -type f -print 2>/dev/null)

bin/coder-ha: plugin/bin/coder-ha-$(HOST)
	@mkdir -p bin
	@cp $< $@

# The flags of Helm's own release make the linked-in SDK render as that does.
plugin/bin/coder-ha-%: $(SOURCES) $(AGENTS)
	@flags="$$(tests/tools/helm-ldflags 3) -X github.com/coder-ha/coder-ha/plugin/internal/version.Version=$(VERSION)" && \
		GOOS=$(word 1,$(subst -, ,$*)) GOARCH=$(word 2,$(subst -, ,$(*:.exe=))) \
		$(STEP) "building coder-ha $(VERSION) for $(*:.exe=)" go build -v -ldflags "$$flags" -o $@ ./plugin

.SECONDARY: $(AGENTS)
plugin/internal/agent/embedded/bin/agent-linux-%.gz: $(SOURCES)
	@GOOS=linux GOARCH=$* $(STEP) "building the agent for linux-$*" go build -v -ldflags "-s -w" -o $(@:.gz=) ./plugin/agent
	@gzip -9nf $(@:.gz=)

# --- Tools ------------------------------------------------------------------

.PHONY: helm3 helm4 kube-score actionlint manual-packages postgres postgres-majors host-packages lint-packages cluster-packages
helm3: $(TOOLS)/helm3
helm4: $(TOOLS)/helm4
kube-score: $(TOOLS)/kube-score
actionlint: $(TOOLS)/actionlint
manual-packages:
	@tests/tools/system-packages pre-commit
postgres:
	@tests/tools/system-packages postgresql pgbouncer
host-packages:
	@tests/tools/system-packages systemd iproute2
postgres-majors:
	@cd tests && go run ./postgrestest/fetchmajors
lint-packages:
	@tests/tools/system-packages shellcheck yamllint
cluster-packages:
	@tests/e2e/install-deps.sh

$(TOOLS)/helm%: tests/tools/helm%/go.mod tests/tools/helm%/go.sum tests/tools/helm-ldflags
	@cd tests/tools/helm$* && flags="$$(../helm-ldflags $*)" && \
		$(STEP) "building Helm $* from its pinned module (once)" go build -v -ldflags "$$flags" -o $@ helm.sh/helm/v$*/cmd/helm

$(TOOLS)/golangci-lint: PACKAGE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(TOOLS)/helm-docs: PACKAGE := github.com/norwoodj/helm-docs/cmd/helm-docs
$(TOOLS)/kube-score: PACKAGE := github.com/zegl/kube-score/cmd/kube-score
$(TOOLS)/actionlint: PACKAGE := github.com/rhysd/actionlint/cmd/actionlint
$(TOOLS)/golangci-lint $(TOOLS)/helm-docs $(TOOLS)/kube-score $(TOOLS)/actionlint: $(TOOLS)/%: tests/tools/%/go.mod tests/tools/%/go.sum
	@cd $(<D) && $(STEP) "building $* from its pinned module (once)" go build -v -ldflags '-s -w' -o $@ $(PACKAGE)
