# What one does with this project.  A fresh machine needs python3 (3.11+) with venv, make and git; nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test check lint bench mutants chaos lock secrets clean

PYTHON ?= python3
VENV ?= .venv
UV ?= uv
ARGS ?=
BIN := $(VENV)/bin
# The lock names every package and its hash, so nothing is left to resolve.
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --no-deps

help: ## print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## start everything on an embedded store, tell the story, show what each system holds
	@$(BIN)/lockstep demo $(ARGS)

up: $(VENV)/.runtime ## run all of it in this terminal until Ctrl-C (SANDBOX=1: with sandboxes)
	@$(BIN)/lockstep up $(if $(filter-out 0,$(SANDBOX)),--sandbox) $(ARGS)

test: $(VENV)/.dev ## every test, a real store included
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test ## what must be green before a commit: lint, types, tests

bench: $(VENV)/.dev ## compare with the obvious way to build it (FULL=1: the long run); writes bench.json
	@$(BIN)/python bench/compare.py $(if $(filter-out 0,$(FULL)),--full) $(ARGS)

mutants: $(VENV)/.dev ## break a rule of the engine at a time; the tests must notice each
	@$(BIN)/python tests/mutants/run.py $(ARGS)

chaos: $(VENV)/.dev ## the long campaign: real processes, killed at random
	@$(BIN)/python -m pytest tests/chaos -m campaign --timeout=3600 $(ARGS)

lock: ## make the locks again from pyproject.toml (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: '$(PYTHON) -m pip install uv', or UV=/path/to/uv" >&2; exit 1; }
	$(UV) pip compile $(LOCK_OPTIONS) --group build --output-file requirements.lock pyproject.toml
	$(UV) pip compile $(LOCK_OPTIONS) --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

# Wheels only, for every Python and platform at once; no index host, so that any mirror will do.
LOCK_OPTIONS := --quiet --universal --python-version 3.11 --only-binary :all: --extra embedded --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

# Readable by all inside a folder of ours: the containers' users have other numbers, and Docker mounts each file by itself.
# `health` may look whether the server lives and nothing else; `lockstep` may do what the product does, not administer.
secrets: ## make the files that docker-compose.yml takes as secrets (SANDBOX=1: its sandboxes', too); what is there stays
	@umask 077 && mkdir -p secrets/systems && chmod 755 secrets/systems
	@set -eu; umask 022; cd secrets; if [ -e users.acl ]; then echo "secrets/ is there, nothing is changed"; else \
		password=$$(head -c 24 /dev/urandom | base64 | tr '+/' '-_'); \
		hash=$$(printf %s "$$password" | sha256sum | cut -d ' ' -f 1); \
		printf 'k1:%s\n' "$$(head -c 32 /dev/urandom | base64)" > fingerprint_keys; \
		echo "redis://lockstep:$$password@store:6379/0" > store_url; \
		echo "redis://lockstep:$$password@broker:6379/0" > broker_url; \
		{ echo "user default off"; \
		  echo "user health on nopass -@all +ping +info"; \
		  echo "user lockstep on #$$hash ~* &* +@all -@admin -@dangerous +info +config|get"; } > users.acl; \
		echo "made secrets/: keep fingerprint_keys for ever, seals are proved with it"; fi
ifneq ($(filter-out 0,$(SANDBOX)),)
	@set -eu; umask 022; cd secrets/systems; if [ ! -e sandbox_hr ]; then \
		echo "whsec_$$(head -c 24 /dev/urandom | base64)" > sandbox_hr; \
		head -c 24 /dev/urandom | base64 | tr '+/' '-_' > sandbox_onelogin_hook; \
		echo sandbox-secret > sandbox_onelogin; \
		echo sandbox-token > sandbox_directory; fi
endif

clean: ## forget the environment and the caches (the embedded store in .lockstep stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is missing or older than 3.11: give another, for example 'make PYTHON=python3.12 ...'" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make a virtual environment: 'apt install python3-venv', then again" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	@echo "installing what requirements.lock names into $(VENV) ..."
	@$(PIP) --only-binary :all: --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

# The larger lock holds the smaller one, so one installation serves both.
$(VENV)/.dev: $(VENV)/.made requirements-dev.lock requirements.lock pyproject.toml
	@echo "installing what requirements-dev.lock names into $(VENV) ..."
	@$(PIP) --only-binary :all: --require-hashes -r requirements-dev.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $(VENV)/.runtime $@
