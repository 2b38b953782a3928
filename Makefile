# The two commands of a newcomer: `make up` and `make test`. Each sets up all that it needs.
PYTHON ?= python3
VENV := .venv
ESTATE := $(VENV)/bin/estate
ENV ?= sandbox
# Groups of tests that run side by side (tests/conftest.py): two more than the cores that they are meant for, since
# those that wait for clouds leave a quarter of them idle. Each may hold a sandbox of 2 GiB, one of them two.
WORKERS ?= 4

# What is compiled of this project's own modules is kept, too: a preview starts half a dozen processes that read them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help language up down test test-long fidelity lint bench clean

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

up: $(VENV)/.ready  ## Toolchain, sandbox and `pulumi up` of ENV (default: sandbox); then where every server landed
	@$(ESTATE) rehearse $(ENV)

down: $(VENV)/.ready  ## Stop the sandbox of ENV and forget its stack
	@$(ESTATE) sandbox stop $(ENV)

test: $(VENV)/.ready  ## Everything that there is to test, but for the long tests
	@# Beside each other the builds and the tests would take longer than one after the other, and show nothing.
	@$(ESTATE) sandbox prepare
	@$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadgroup -m "not long"

test-long: $(VENV)/.ready  ## Endurance, kills everywhere, a start from nothing; writes tests/long/last-run.json
	@$(VENV)/bin/python -m pytest -m long

fidelity: $(VENV)/.ready  ## Compare the placement engine with Nova's own code, decision by decision
	@$(VENV)/bin/python -m tests.fidelity

lint: $(VENV)/.ready  ## Format, lint, types, and the direction of imports
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check . && $(VENV)/bin/lint-imports \
	  && MYPY_CACHE_DIR="$${ESTATE_HOME:-$${XDG_CACHE_HOME:-$$HOME/.cache}/estate}/mypy" $(VENV)/bin/mypy

bench: $(VENV)/.ready  ## The figures of the README, measured on this machine
	@$(VENV)/bin/python -m benchmarks

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another with make PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "… Python packages into $(VENV) (a quarter of a minute; with pip alone three)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@# uv takes a tenth of pip's time, and pip knows indexes, proxies and certificates that uv does not (pip.conf).
	@# Compiled ahead: where PYTHONDONTWRITEBYTECODE is set, as in many containers, each process would compile anew.
	@awk '/^uv==/ {of = 1} of {print} of && !/\\$$/ {exit}' requirements.lock > $(VENV)/uv.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --no-deps -r $(VENV)/uv.lock
	@$(VENV)/bin/uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python --require-hashes --no-deps -r requirements.lock 2> $(VENV)/uv.log \
	  || $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

language: $(VENV)/.ready  ## JSON Schemas, the language's reference, the fields that imports leave
	@$(ESTATE) schema > docs/schema/estate.schema.json
	@$(VENV)/bin/python -m review.document > docs/schema/review.schema.json
	@$(VENV)/bin/python -m operations.approval > docs/schema/approval.schema.json
	@$(VENV)/bin/python -m operations.audit > docs/schema/audit.schema.json
	@sed -i '/^<!-- reference:/q' docs/language.md && $(ESTATE) schema --format markdown >> docs/language.md
	@sed -i '/^<!-- fields:/q' docs/import.md && $(VENV)/bin/python -c 'from estate.adoption import left; print(left.markdown(), end="")' >> docs/import.md

clean:  ## Remove what is made in this folder (the machine-wide cache stays; see README)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
