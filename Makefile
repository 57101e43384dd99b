# Two commands do everything: `make run` starts Pentaprism with a sample workspace, `make test` runs every check and test.
# Both set themselves up in .venv; a bare machine needs Python 3.11 or newer with pip, and make.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run test check layout tests test-extras bench docs lock clean

# Every server and worker would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
PORT ?= 8000
DATA_DIR ?= pentaprism-data
# One more than cores of a small machine: many tests wait for a server most of the time.
TEST_PROCESSES ?= 3
BESIDE := -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder
PRODUCTION_TESTS ?= tests/conformance
BENCHMARKS ?=

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1|\2/' | column -t -s '|'

setup: $(DEVELOPMENT) ## a virtual environment in .venv with everything; quick when nothing changed

$(RUNTIME): requirements.lock pyproject.toml scripts/setup
	scripts/setup $(VENV) requirements.lock
	@touch $@

$(DEVELOPMENT): requirements.lock requirements-dev.lock pyproject.toml scripts/setup
	scripts/setup $(VENV) requirements-dev.lock
	@touch $(RUNTIME) $@

run: $(RUNTIME) ## start the gateway on port 8000 with a sample workspace
	@$(BIN)/pentaprism quickstart --port $(PORT) --data-dir $(DATA_DIR)

test: check tests ## every check, every test

check: $(DEVELOPMENT) layout ## ruff, mypy --strict, import contracts, dead code, layout of the tree
	$(BIN)/ruff check src tests scripts examples training benchmarks
	$(BIN)/ruff format --check src tests scripts examples training benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/vulture

layout: $(DEVELOPMENT)
	$(BIN)/pytest -q tests/test_layout.py

tests: test-embedded test-production

test-embedded: $(DEVELOPMENT) ## every test, each server on SQLite and local files
	scripts/test-services
	$(BIN)/pytest $(BESIDE) -m "not alone"
	$(BIN)/pytest -m alone $$(grep -rl --include='*.py' mark.alone tests)

test-production: $(DEVELOPMENT) ## the faces' tests once more, each server on PostgreSQL, Redis, Celery and S3
	scripts/test-services
	PENTAPRISM_TEST_SETUP=production $(BIN)/pytest $(BESIDE) -m "not embedded and not alone and not slow" $(PRODUCTION_TESTS)

test-extras: $(DEVELOPMENT) ## the tests of package extras, in an environment of their own (PyTorch is large)
	$(BIN)/python -m venv .venv-extras
	.venv-extras/bin/python -m pip install --quiet '.[diffusers,samples]' pytest pytest-timeout
	.venv-extras/bin/python -m pytest -q -W ignore -o addopts=--import-mode=importlib tests/extras

bench: $(DEVELOPMENT) ## our figures beside an alternative's, from the same run
	scripts/test-services
	@$(BIN)/python -m benchmarks $(BENCHMARKS)

docs: $(DEVELOPMENT) ## write docs/reference again from the code
	$(BIN)/python scripts/reference.py

lock: ## resolve the dependencies again (needs uv; see CONTRIBUTING.md)
	scripts/lock

clean: ## remove the environment and every cache
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
