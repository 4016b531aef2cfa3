# Every target prepares what it needs. Only make and a Python >= 3.10 are expected on the machine.

# `make help` is what plain `make` does.
.DEFAULT_GOAL := help

VENV := .venv
STAMP := $(VENV)/.installed
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# One engine for demo and conformance: airflow, argo-workflows or step-functions. Without it, the demo is Airflow's,
# conformance all; the demo knows `all`, too.
ENGINE ?=
MARKER := $(subst argo-workflows,argo,$(subst step-functions,sfn,$(ENGINE)))

# Of Argo Workflows, on the cluster that this project starts: 4.0.2 or 3.7.14.
VERSION ?= 4.0.2

CAN_MAKE_VENV := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))
PYTHON = $(shell for name in python3.13 python3.12 python3.11 python3.10 python3; do \
	$$name -c '$(CAN_MAKE_VENV)' 2>/dev/null && echo $$name && break; done)

# Metaflow would take what a build leaves in the checkout for one more installation, with the files of that day.
FORGET_BUILD := rm -rf build *.egg-info

.PHONY: help
help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: venv
venv: $(STAMP)  ## .venv with this package and the test environment; made again when pyproject.toml or constraints.txt change

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make venv: found no Python >= 3.10 with the venv and ensurepip modules (tried" \
		"python3.13 to python3.10 and python3); install one, or name it: make venv PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "make venv: installing the package and its test environment into $(VENV)"
	@$(VENV)/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@uv --version >/dev/null 2>&1 || $(VENV)/bin/python -m pip install --quiet uv || echo "make venv: no uv; pip takes longer"
	@if uv --version >/dev/null 2>&1; \
		then uv pip install --quiet --python $(VENV)/bin/python -e '.[dev,airflow]' -c constraints.txt; \
		else $(VENV)/bin/python -m pip install --quiet -e '.[dev,airflow]' -c constraints.txt; fi
	@$(FORGET_BUILD)
	@touch $(STAMP)

.PHONY: demo
demo: $(STAMP)  ## flows on a real engine, compared with `python flow.py run` (ENGINE=step-functions, argo-workflows, all)
	python -m integration.demo $(ENGINE)

.PHONY: engine
engine: $(STAMP)  ## a Step Functions engine on this machine, in the foreground; `. .engine/environment` to use it
	python -m integration.harness.sfn --folder .engine

.PHONY: test
test: $(STAMP)  ## the quick tests: no servers
	pytest tests -n 2 --dist loadfile

.PHONY: lint
lint: $(STAMP)  ## style and types
	ruff check .
	ruff format --check .
	mypy

.PHONY: integration
integration: $(STAMP)  ## a few flows and faults on Airflow, Argo Workflows and Step Functions
	pytest integration -n 2 --dist loadgroup -m "not conformance"

.PHONY: conformance
conformance: $(STAMP)  ## every flow of the corpus on each real engine (ENGINE=airflow, argo-workflows, step-functions)
	ARGO_VERSION=$(VERSION) pytest integration -n 2 --dist loadgroup --record $(if $(MARKER),-m $(MARKER))

.PHONY: cluster-up
cluster-up: $(STAMP)  ## a Kubernetes node with Argo Workflows (VERSION=4.0.2 or 3.7.14); the first build takes 12 minutes
	python -m integration.harness.cluster up --argo $(VERSION)

.PHONY: cluster-down
cluster-down: $(STAMP)  ## end it, and all that it started
	python -m integration.harness.cluster down --argo $(VERSION)

.PHONY: cluster-status
cluster-status: $(STAMP)  ## what of it runs, and how to use it
	python -m integration.harness.cluster status --argo $(VERSION)

.PHONY: bench
bench: $(STAMP)  ## compared with stock Metaflow, as ratios
	python -m integration.bench

.PHONY: wheel
wheel: $(STAMP)  ## dist/*.whl
	rm -rf build dist
	python -m build --wheel --no-isolation
	$(FORGET_BUILD)

.PHONY: constraints
constraints:  ## resolve constraints.txt again (needs uv); its pins stay, so delete the lines of what shall be raised
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.10 --no-python-downloads --strip-extras \
		--no-annotate --custom-compile-command "make constraints" --quiet -o constraints.txt

.PHONY: clean
clean:  ## remove .venv and everything built
	rm -rf $(VENV) .engine build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
