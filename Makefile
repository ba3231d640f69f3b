# Two commands: `make run` to try it, `make test` to change it. Nothing but Python 3.11+ and make is needed.
.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast lint fix check bench bench-backtest bench-effect bench-intake bench-queue bench-reports bench-store clean
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
# The first Python that is new enough; PYTHON=... picks another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# One more than there are processors in the smallest machine: tests of real processes and pages wait now and then.
SIDE_BY_SIDE := -n 3 --dist worksteal
SOURCES := leadfunnel leads scoring reports tests manage.py

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 12

setup: .venv/requirements.txt .venv/requirements-dev.txt ## Make .venv with everything that running and testing need
	@:

run: .venv/requirements.txt ## Start Leadfunnel with demo data on http://127.0.0.1:8000 (PORT=... changes it)
	@$(BIN)/python manage.py start

test: setup ## Run all tests (on SQLite, or on DATABASE_URL and REDIS_URL when set)
	@$(BIN)/pytest -q $(SIDE_BY_SIDE) $(ARGS)

test-fast: setup ## Run the tests that take less than a second or two
	@$(BIN)/pytest -q $(SIDE_BY_SIDE) -m "not slow and not browser and not realworker" $(ARGS)

lint: setup ## Lint, format, templates, types, import contract, migrations
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES)
	@$(BIN)/djlint templates --lint --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python manage.py makemigrations --check --dry-run

fix: setup ## Mend what the linters can mend
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

check: lint test ## Everything that has to pass before a change is merged

bench: setup ## Measure scoring against its goals, in a PostgreSQL of its own (LEADS=1000000 REPEATS=5 KEEP=1)
	@LEADS=$(LEADS) ACTIVITIES=$(ACTIVITIES) REPEATS=$(REPEATS) KEEP=$(KEEP) BENCH_DIR=$(BENCH_DIR) \
		$(BIN)/python -m tests.benchmarks.scoring $(ARGS)

bench-effect: setup ## Measure the effect of a draft on a sample, on a database with leads (DATABASE_URL; ALL=1: on all, too)
	@$(BIN)/python -m tests.benchmarks.effect

bench-backtest: setup ## Measure a backtest of 90 days against full rescores, on a database with decisions (DATABASE_URL)
	@$(BIN)/python -m tests.benchmarks.backtest

bench-intake: setup ## Measure the import of leads against a bare COPY (DATABASE_URL: PostgreSQL; ROWS=1000000)
	@$(BIN)/python -m tests.benchmarks.intake $(or $(ROWS),1000000)

bench-queue: setup ## Measure the queue with many leads against few (LEADS=1000000 WAITING=20000 SECONDS=60 KEEP=1)
	@LEADS=$(LEADS) WAITING=$(WAITING) REPEATS=$(REPEATS) SECONDS=$(SECONDS) KEEP=$(KEEP) BENCH_DIR=$(BENCH_DIR) \
		$(BIN)/python -m tests.benchmarks.queue $(ARGS)

bench-store: setup ## Measure making and keeping up what reports read (LEADS=1000000 STALE=10000 KEEP=1)
	@LEADS=$(LEADS) STALE=$(STALE) KEEP=$(KEEP) BENCH_DIR=$(BENCH_DIR) \
		$(BIN)/python -m tests.benchmarks.reports.store $(ARGS)

bench-reports: setup ## Measure report pages with many leads against few and an empty page (LEADS=1000000 REPEATS=20 KEEP=1)
	@LEADS=$(LEADS) REPEATS=$(REPEATS) KEEP=$(KEEP) BENCH_DIR=$(BENCH_DIR) \
		$(BIN)/python -m tests.benchmarks.reports.pages $(ARGS)

clean: ## Remove the environment and the built files; the data in var/ stays
	rm -rf .venv staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# The installed list is kept beside what it installed: unchanged means that there is nothing to do,
# also when a checkout has touched the file's time.
.venv/%.txt: %.txt | .venv/bin/python
	@cmp -s $< $@ || { echo "Installing $< ..."; $(PIP) -r $< && cp $< $@; }
	@touch $@

.venv/requirements-dev.txt: .venv/requirements.txt

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Leadfunnel needs Python 3.11 or newer; install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Leadfunnel needs Python 3.11 or newer; $(PYTHON) is older." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make environments; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making .venv ..."
	@rm -f .venv/requirements.txt .venv/requirements-dev.txt
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }
