# Everything a checkout needs, from nothing but Python 3.11 or newer and make.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Cores, and so test processes; one where the machine does not tell.
JOBS   ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# A stamp stands for an installation and is made again only when pyproject.toml changed.
USER_STAMP := $(VENV)/.installed-examples
DEV_STAMP  := $(VENV)/.installed-dev

PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: setup demo test slow format docs bench clean help

help: ## Show this list
	@echo "make <target> [PYTHON=python3]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile

setup: $(USER_STAMP) ## Create .venv and install the package with what its examples need

demo: setup ## Train on handwritten digits: the main example
	@echo "==> running examples/digits.py"
	@$(BIN)/python examples/digits.py

test: $(DEV_STAMP) ## Run every check: format, lint, types, tests
	@echo "==> [1/4] format"
	@$(BIN)/ruff format --check .
	@echo "==> [2/4] lint"
	@$(BIN)/ruff check .
	@echo "==> [3/4] types"
	@$(BIN)/mypy
	@echo "==> [4/4] tests, $(JOBS) at a time"
	@$(BIN)/pytest -n $(JOBS)

slow: $(DEV_STAMP) ## Run the tests that take long
	@$(BIN)/pytest -m slow

format: $(DEV_STAMP) ## Format the code and repair what the linter can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(USER_STAMP) ## Write the generated pages of docs/ and the stubs again
	@$(BIN)/python tools/stubs.py
	@$(BIN)/python tools/coverage_table.py
	@$(BIN)/python tools/simplification_page.py

bench: $(USER_STAMP) ## Measure against PEERS (torch,jax,pytensor,tensorflow2), with OPTIONS
	@test -z "$(PEERS)" || $(BIN)/python -m bench --install "$(PEERS)"
	@$(BIN)/python -m bench $(OPTIONS)

clean: ## Remove the environment, caches and what the examples wrote
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist out src/*.egg-info
	@find src tests tools examples bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "error: no '$(PYTHON)' here; install Python 3.11+ or say make PYTHON=/path/to/python" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: Pantarhei needs Python 3.11 or newer, and '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1); say make PYTHON=python3.11 (or newer)" >&2; \
	  exit 1; }
	@echo "==> creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "error: '$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt install python3-venv" >&2; \
	  exit 1; }

$(USER_STAMP): pyproject.toml | $(BIN)/python
	@echo "==> installing pantarhei and its examples' libraries"
	@$(PIP) install -e '.[examples]'
	@touch $@

$(DEV_STAMP): pyproject.toml $(USER_STAMP)
	@echo "==> installing the tools of development"
	@$(PIP) install -e '.[dev]'
	@touch $@
