# `make demo` shows what sudopath does; `make test` runs every check. All targets make their own
# virtual environment in .venv and need nothing but Python 3.11 or newer.

PYTHON ?= python3
MINUTES ?= 60
RUNS ?= 200
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test soak histories bench clean
.DELETE_ON_ERROR:

demo: .venv/installed
	@sh docs/demo.sh $(BIN)/sudopath

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --cov --cov-report=term

# Compares invented policies with a real server, which it starts itself.
soak: .venv/installed-dev
	$(BIN)/python -m tests.live.soak --minutes $(MINUTES)

# Plays random faults to server processes on SQLite and PostgreSQL, and checks what they did.
histories: .venv/installed-dev
	$(BIN)/python -m tests.server.histories --runs $(RUNS)

# It makes an environment of its own in benchmarks/.venv.
bench:
	$(PYTHON) -m benchmarks

clean:
	rm -rf .venv benchmarks/.venv build dist htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The installation is editable: only new dependencies make it old.
.venv/installed: pyproject.toml | .venv/bin/pip
	$(PIP) install --editable .
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/pip
	$(PIP) install --editable '.[dev]'
	@touch $@ .venv/installed

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("sudopath needs Python 3.11 or newer; `$(PYTHON)` is %d.%d. Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
