# make book      the book, from nothing
# make pdf       the book as a PDF; INSTALL=1 installs TeX (Debian, as root)
# make test      the tests
# make test-thorough  more examples; power, calibration, mutants and repetitions, measured again for the book
# make test-book  the rendered book in a browser (needs make book, Chromium)
# make test-gpu  the tests that need a CUDA device
# make coverage  the tests again, counting the lines and branches that they run: at least 95 % (takes longer)
# make experiments  what the theory predicts of networks, the quick matrix, measured again for the book
# make bench     the engines' speed, beside what one would write oneself
# make lint      style, spelling, types and the arrows between the packages
# make formal    the theorems and the claims' lemmas in Coq; INSTALL=1 installs it (Debian, as root)
# make wheel     the wheel, tried in a clean environment
# make clean     everything that was made here, the environment too

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: book pdf test test-thorough test-book test-gpu coverage experiments bench lint formal wheel env clean
.DELETE_ON_ERROR:

book: env
	@echo "Checking the claims"
	@$(BIN)/smd verify --missing
	@$(BIN)/python book/build.py

pdf: book
	@$(BIN)/python book/pdf.py

test: env
	@$(BIN)/python -m pytest -n auto --ignore tests/book $(PYTEST)

test-thorough: env
	@HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n auto $(PYTEST)
	@$(BIN)/smd power --json book/data/power.json
	@$(BIN)/smd mutants --json book/data/mutants.json
	@$(BIN)/python -m tests.repetitions --json book/data/repetitions.json

test-book: env
	@$(BIN)/python -m pytest -n auto -rs -m "not alone" tests/book $(PYTEST)
	@$(BIN)/python -m pytest -rs -m alone tests/book $(PYTEST)

test-gpu: env
	@$(BIN)/python -m pytest -m cuda -rs $(PYTEST)

coverage: env
	@$(BIN)/python .ci/coverage.py $(PYTEST)

experiments: env
	@$(BIN)/smd run all --quick --publish book/data/networks $(RUN)

bench: env
	@$(BIN)/smd bench $(BENCH)

lint: env
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell *.md theory numerics proofs smd tests book/*.md book/*.py book/_ext book/own_rule

formal: env
	@$(BIN)/python -m proofs.formal

wheel: env
	@$(BIN)/python .ci/wheel.py

env: $(INSTALLED)
	@$(BIN)/python -m compileall -q theory numerics proofs smd
	@$(BIN)/python -m theory.compiled
	@$(BIN)/python -m numerics.engines.compiling

# The first of these that is a Python this project was tested with; PYTHON, if given, is the only candidate.
FITS = import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
SUITABLE = $(shell for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python); do \
	if $$candidate -c '$(FITS)' 2>/dev/null; then echo $$candidate; break; fi; done)
FOUND = $(shell $(or $(PYTHON),python3) --version 2>/dev/null || echo none)

$(INSTALLED): pyproject.toml constraints.txt
	@$(if $(SUITABLE),,$(error Python 3.11, 3.12 or 3.13 is needed, found $(FOUND). Name one: make PYTHON=/path/to/python3.12))
	@echo "Creating $(VENV) with $(SUITABLE)"
	@$(SUITABLE) -m venv $(VENV) || { echo "the venv module is incomplete: install your system's python3-venv" >&2; exit 2; }
	@echo "Installing torch 2.13.0 with pip (a CPU build takes about 200 MB to fetch; on Linux the default build brings CUDA, about 3 GB),"
	@echo "then jupyter-book, the checkers and this project (about 200 MB, on Linux 400 MB with Triton). Set pip's own options to choose another build of torch."
	@$(BIN)/python -m pip install -c constraints.txt torch
	@$(BIN)/python -m pip install -c constraints.txt -e '.[dev,book]'
	@touch $@

clean:
	rm -rf $(VENV) book/_build book/.jupyter_cache dist build *.egg-info .coverage*
