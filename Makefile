# Everything happens in .venv, which a target fills from a hashed lock the first time and leaves alone until the lock changes.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
# What is imported is compiled then; most of what is installed never is.
INSTALL := $(PIP) install --quiet --require-hashes --no-build-isolation --use-pep517 --no-compile

# Each test starts commands: without the bytecode of the last one, every one of them compiles haoma anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-all bench lint format lock clean
.DELETE_ON_ERROR:

help: ## tell what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## set everything up and run the main job
	$(BIN)/haoma demo

lint: $(VENV)/.dev ## style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The kernel is compiled once for all tests, beside the linters.
test: $(VENV)/.dev ## everything that must hold, in minutes
	@$(MAKE) --no-print-directory -j2 lint kernel
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" --doctest-modules --cov --cov-report=term src tests/unit tests/laws

.PHONY: kernel
kernel: $(VENV)/.dev
	@HAOMA_DATA_DIR=.cache/tests $(BIN)/python -c "import pyarrow as pa; from haoma.numbers import enrich; enrich(pa.array(['95588']))"

# What measures how long something takes comes behind all else, alone.
TIMED := tests/journeys/test_api_timing.py tests/journeys/test_bench.py
test-all: $(VENV)/.all services ## against real peers and services
	@$(MAKE) --no-print-directory kernel
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TIMED:%=--ignore=%) $(wildcard tests/peers tests/journeys)
	$(BIN)/python -m pytest -n auto -m slow tests/unit tests/laws
	$(BIN)/python -m pytest $(wildcard $(TIMED))

bench: $(VENV)/.all ## figures beside other tools', in the same run
	$(BIN)/python -m bench

format: $(VENV)/.dev ## rewrite the code in the house format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

# Each lock is resolved under the constraints of the larger one, so that a version is the same in all of them.
LOCK := $(BIN)/uv --no-config --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate
lock: $(VENV)/.dev ## resolve the newest versions into requirements/*.lock
	$(LOCK) pyproject.toml --upgrade --all-extras --group build --group dev --group train --group peers -c requirements/constraints.txt -o requirements/all.lock
	$(LOCK) pyproject.toml --extra crawl --extra guard --extra hvac --extra phone --extra places --extra stamp --extra oidc --extra watch --group dev -c requirements/all.lock -o requirements/dev.lock
	$(LOCK) pyproject.toml --extra crawl --extra guard --extra phone --extra watch -c requirements/all.lock -o requirements/run.lock
	$(LOCK) --group build -c requirements/all.lock -o requirements/build.lock

clean: ## remove what make has made
	rm -rf $(VENV) .cache .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist

# What Debian's packages have and PyPI has not: Java, PostgreSQL, Go …; each script installs its own, or says what to run.
.PHONY: services
services:
	@set -e; for script in tests/peers/*.sh tests/journeys/*.sh; do sh $$script; done

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.build: requirements/build.lock | $(BIN)/python
	$(INSTALL) --no-deps -r requirements/build.lock
	@touch $@

# A larger lock holds the smaller ones, so that its stamp stands for theirs too.
$(VENV)/.run: requirements/run.lock pyproject.toml $(VENV)/.build
	@echo "installing what haoma needs into $(VENV) …"
	$(INSTALL) --no-deps -r requirements/run.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml $(VENV)/.build
	@echo "installing what haoma and its tests need into $(VENV) …"
	$(INSTALL) --no-deps -r requirements/dev.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $(VENV)/.run $@

$(VENV)/.all: requirements/all.lock pyproject.toml $(VENV)/.build
	@echo "installing what haoma and all its tests need into $(VENV) …"
	$(INSTALL) --no-deps -r requirements/all.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $(VENV)/.run $(VENV)/.dev $@
