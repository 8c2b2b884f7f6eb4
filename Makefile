# `make demo` and `make test` do everything on a fresh Debian machine with Python 3.11; neither needs Docker.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
STATE ?= graphring-state
SERVE ?= 1
STORE ?=
JOBS ?= 2

.PHONY: help install demo neo4j serve test test-fast test-all lint format lock sample calibrate screenshots clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make .venv from requirements.lock and build the graph widget

WIDGET := $(wildcard graphring/ui/component/package*.json graphring/ui/component/src/*)

$(VENV)/.installed: requirements.lock pyproject.toml tools/bootstrap.sh tools/build_component.py $(WIDGET)
	@tools/bootstrap.sh $(VENV)
	@$(BIN)/python tools/build_component.py
	@$(BIN)/python tools/warm_up.py
	@touch $@

demo: install ## Sample world, refresh, the rings found, the page (SERVE=0: no page; STORE=neo4j: on a Neo4j of its own)
ifeq ($(STORE),neo4j)
	@tools/demo_on_neo4j.sh $(BIN) $(STATE) $(if $(filter 0,$(SERVE)),--no-serve)
else
	@$(BIN)/graphring demo --state $(STATE) $(if $(filter 0,$(SERVE)),--no-serve)
endif

neo4j: install ## A Neo4j server for development, in the foreground, on free ports of 127.0.0.1
	@tools/system_packages.sh
	@$(BIN)/python -m tools.neo4j.server run --home .tools/neo4j

serve: install ## The page on an existing state
	@$(BIN)/graphring serve --state $(STATE)

lint: install ## ruff, mypy --strict, the directions of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports --no-logo

test: install ## Everything: lint, all tests, with the system packages they need (as root on Debian)
	@tools/system_packages.sh
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST)

test-fast: install ## The tests that take no more than seconds
	@$(BIN)/python -m pytest -m "not slow" $(PYTEST)

format: install ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## Renew requirements.lock from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --group dev --generate-hashes --python-version 3.11 --no-header --upgrade -q -o requirements.lock

sample: install ## Make data/sample again (the same bytes)
	@$(BIN)/graphring simulate data/sample --accounts 2000 --seed 7 --config sample

screenshots: install ## Make the pictures of docs/img from the sample
	@$(BIN)/python tools/screenshots.py

calibrate: install ## Fit the curve from score to probability on made worlds; prints the values for detect/parameters.py
	@$(BIN)/graphring calibrate --from worlds --dry-run $(WORLDS)

bench-%: install ## One benchmark: bench-intake, bench-templates, bench-simulate, bench-detect, bench-detect-scale, bench-real, bench-neo4j
	@$(BIN)/python benchmarks/bench_$(subst -,_,$*).py $(BENCH)

clean: ## Remove what was made: environment, caches, built widget; states stay
	@rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@rm -rf graphring/ui/component/dist graphring/ui/component/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
