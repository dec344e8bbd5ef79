# Two commands: `make run` starts everything on this machine, `make test` proves that it works.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUITE ?= bookworm
CALLS ?= 50
MINUTES ?= 2
INPUTS ?= 10000000
PYTHONS := 3.11 3.12 3.13
# The tests start hundreds of processes, each of which would otherwise compile our modules anew: 0.2 s of processor.
unexport PYTHONDONTWRITEBYTECODE
TEST_PACKAGES := $(shell cat tests/debian-packages)

.PHONY: run test lint pythons quick bench load fuzz fuzz-nightly images bills pictures newcomer lock setup test-needs clean

setup: $(VENV)/.complete

$(VENV)/.complete: requirements.lock pyproject.toml
	@docker/python-packages $(PYTHON) $(VENV)

run:
	@PYTHON=$(PYTHON) VENV=$(VENV) docker/preflight run
	@$(MAKE) --no-print-directory setup
	@$(BIN)/ivr up

test:
	@PYTHON=$(PYTHON) VENV=$(VENV) docker/preflight test $(TEST_PACKAGES)
	@$(MAKE) --no-print-directory setup test-needs
	$(BIN)/pytest -m "not live" --numprocesses 4 --dist worksteal
	$(BIN)/python -m tests.fuzz.run --in-all 40 --or-skip
	$(BIN)/pytest tests/live -m "not alone" --numprocesses 8 --dist worksteal
	$(BIN)/pytest tests/live -m alone --numprocesses 3 --dist loadfile

test-needs:
	@docker/host-packages $(TEST_PACKAGES)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

quick: lint
	$(BIN)/pytest -m "not live and not slow" --numprocesses 2

# Runs the linters and the quick tests on each supported Python except that of .venv, on which `make lint test` runs
# them.
pythons: setup
	@for version in $(PYTHONS); do \
	  [ $$version != $$($(BIN)/python -c 'import sys; print("{}.{}".format(*sys.version_info))') ] || continue; \
	  python=$$(docker/find-python $$version) && \
	    $(MAKE) --no-print-directory VENV=.venv-$$version PYTHON=$$python quick || exit 1; \
	done

# One lock serves all supported Pythons, and names no registry. The image's has the part that runs, of the same versions.
lock: setup
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-header --quiet $(LOCK_OPTIONS) --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra postgresql --extra bounces --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-header --quiet $(LOCK_OPTIONS) --constraint requirements.lock \
	  --output-file docker/images/requirements.lock

# Container images of karipass, Asterisk and PostgreSQL (docs/containers.md).
images: setup
	@PYTHON=$(BIN)/python docker/images/build

# What the images are made of, as CycloneDX.
bills: setup
	@PYTHON=$(BIN)/python docker/images/bill

newcomer:
	$(PYTHON) docker/newcomer $(SUITE)

# Every picture of the documents anew: from a product that runs and is called, and by the commands that they show.
pictures: setup
	@docker/host-packages chromium libatomic1 libgsm1
	cd docs && $(abspath $(BIN))/python -m pictures

bench: setup
	@docker/host-packages libspandsp2 postgresql
	$(BIN)/dtmf bench
	$(BIN)/python -m tests.storage.postgresql $(BIN)/python -m credentials bench
	$(BIN)/python -m tests.storage.postgresql $(BIN)/python -m portal.bench
	$(BIN)/python -m ivr.lab.frame_bench

# What reads octets of strangers is given odd ones (docs/fuzzing.md). The nightly run keeps what it found.
fuzz: setup
	$(BIN)/python -m tests.fuzz.run --in-all 120

fuzz-nightly: setup
	$(BIN)/python -m tests.fuzz.run --inputs $(INPUTS)
	$(BIN)/python -m tests.fuzz.keep

# Many callers at once through an Asterisk and a service of their own: how many does this machine carry?
load: setup
	@$(BIN)/ivr load --calls $(CALLS) --minutes $(MINUTES) $(LOAD_OPTIONS)

clean:
	rm -rf .venv .venv-3.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz
