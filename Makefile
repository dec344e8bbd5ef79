# Two commands: `make run` starts it all on this machine, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup run test lint bench clean

setup: $(VENV)/.complete

$(VENV)/.complete: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || docker/host-packages python3-venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Setting up $(VENV): Python packages are installed, which takes a minute or two this first time"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@$(BIN)/python -c 'import dsp; dsp.DetectorBank()'  # compiles the receiver, once
	@touch $@

run: setup
	@$(BIN)/ivr up

test: setup lint
	@docker/host-packages sip-tester postgresql flite chromium libspandsp2 prometheus \
	  ffmpeg libopencore-amrnb0 libopencore-amrwb0 libvo-amrwbenc0 libbcg729-0
	$(BIN)/pytest -m "not live" --numprocesses 2
	$(BIN)/pytest -m "live and not alone" --numprocesses 3 --dist worksteal
	$(BIN)/pytest -m alone

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: setup
	@docker/host-packages libspandsp2 postgresql
	$(BIN)/dtmf bench
	$(BIN)/python -m tests.credentials.postgresql $(BIN)/python -m credentials bench

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
