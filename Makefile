# The few commands of this project. `make demo` and `make test` need nothing but Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export GX_ANALYTICS_ENABLED := false

.PHONY: help install spark demo test check bench prove format clean

help:
	@echo "make demo     a simulated company through the whole system, in a few minutes"
	@echo "make test     every test"
	@echo "make check    ruff, mypy strict, import-linter"
	@echo "make prove    the long proofs at full count"
	@echo "make spark    pyspark into the environment, for the tests of Spark; needs Java 17"
	@echo "make bench    what is measured, against named rivals"
	@echo "make format   let ruff format and fix"
	@echo "make clean    remove the environment and what demo and tests left"

install: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Accord needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

spark: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pyspark

demo: install
	@$(BIN)/python -m flows.demo

test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

prove: install
	ACCORD_PROOF=full $(BIN)/python -m pytest -m 'proof or hypothesis' -s --timeout 7200

bench: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
