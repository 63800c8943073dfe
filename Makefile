# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" --quiet

.DEFAULT_GOAL := help
.PHONY: help install run test test-slow test-all fuzz lint format lock openapi database reasons translations screenshots

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(BIN)/uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Darkstar needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing; install it: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(VENV)/.installed: $(BIN)/uv requirements-dev.lock pyproject.toml
	@echo "installing the locked packages into $(VENV)"
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Compiled here, once: where the service may not write, each start would spend 10 s of CPU on it.
install: $(VENV)/.installed ## make .venv from the lock file
	@$(BIN)/python -m compileall -q app migrations

run: install ## start the service and dashboard on http://127.0.0.1:8000
	@$(BIN)/darkstar serve

PYTEST := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

test: lint ## every check and the tests, but those that take minutes
	@$(PYTEST) -m "not slow"

test-slow: install ## the tests that take longer: a solver, every theme, kills, days of faults
	@$(PYTEST) -m slow

test-all: test test-slow ## every check and test

fuzz: install ## 50,000 generated homes through every invariant, 500 against a solver, 40 times the API requests
	@DARKSTAR_FUZZ_EXAMPLES=50000 $(BIN)/pytest --timeout 0 -k obeys tests/planner
	@DARKSTAR_MILP_HOMES=500 $(BIN)/pytest --timeout 0 tests/planner/test_against_milp.py
	@DARKSTAR_FUZZ_REQUESTS=1000 $(BIN)/pytest --timeout 0 tests/api/test_fuzz.py

lint: install ## ruff, mypy and the walls between the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo >/dev/null || { $(BIN)/lint-imports --no-logo; exit 1; }

format: install ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

openapi: install ## write docs/openapi.json anew
	@$(BIN)/python -m tools.openapi

database: install ## write docs/database.md anew
	@$(BIN)/python -m tools.database

reasons: install ## write docs/reasons.md anew
	@$(BIN)/python -m tools.reasons

translations: install ## bring locales/*.po up to date with the texts in the source
	@$(BIN)/python -m tools.translations

screenshots: install ## picture every page for docs/screenshots (needs Chromium)
	@$(BIN)/python -m tools.screenshots

lock: $(BIN)/uv ## resolve the lock files anew
	@$(BIN)/uv pip compile pyproject.toml $(LOCK_FLAGS) -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev -c requirements.lock $(LOCK_FLAGS) -o requirements-dev.lock
	@echo uv | $(BIN)/uv pip compile - -c requirements-dev.lock $(LOCK_FLAGS) -o requirements-uv.lock
