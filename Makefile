# Each command sets up what it needs in .venv. By hand: Python 3.11 or later with venv, and make.
# Another Python: make PYTHON=/path/to/python3.12 demo

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
VENV := .venv
RUN := $(VENV)/bin
# Later calls then wait for no compiler.
WARM = echo "compiling kernels, once for this environment" && $(RUN)/locoreg doctor > $(VENV)/doctor.txt || { cat $(VENV)/doctor.txt >&2; exit 1; }
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# A moved or copied folder gets an environment of its own: an environment holds absolute paths.
PLACE := $(VENV)/.made-in-$(shell pwd | cksum | cut -d ' ' -f 1)
WORKERS ?= auto
R_PACKAGES := metafor metadat clubSandwich rpact survival cmprsk MatchIt riskRegression sandwich jsonlite
REFERENCE_SETS = $(shell cd tests/reference/meta && ls dat.*.json edge_cases.json | sed 's/\.json$$//' | paste -sd , -)

.PHONY: help demo web test lint docs docs-build generated bench reference validate check clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed-web ## evidence, a synthetic registry, an emulated trial, who gains: one report
	$(RUN)/locoreg run examples/local-therapy.yaml --out build/demo --progress bar
	$(RUN)/locoreg registry check build/demo/steps/registry/registry --out build/demo-quality

web: demo ## show the demo in the web application, on this machine
	$(RUN)/locoreg serve --run build/demo --registry build/demo/steps/registry/registry --workspace build/web

test: $(VENV)/.installed-dev ## run the tests
	$(RUN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadfile

lint: $(VENV)/.installed-dev ## formatting, lint rules, types, layers
	$(RUN)/python -m ruff format --check .
	$(RUN)/python -m ruff check .
	$(RUN)/python -m mypy
	$(RUN)/lint-imports --no-cache

docs: docs-build ## build the documentation and run its examples
	$(RUN)/python -m pytest -n $(WORKERS) --maxprocesses 8 tests/docs

docs-build: $(VENV)/.installed-dev
	$(RUN)/python scripts/make_reference.py --check
	$(RUN)/python -m mkdocs build --quiet --strict

generated: $(VENV)/.installed-dev ## rewrite the generated pages, the module tree and the figure of README
	$(RUN)/python scripts/make_reference.py
	$(RUN)/python scripts/make_readme_figure.py

bench: build/venv-bench/.installed ## compare speed and results with other packages and, if there, R
	for script in benchmarks/bench_*.py; do build/venv-bench/bin/python $$script || exit 1; done

reference: ## make the reference numbers anew with R
	@command -v Rscript > /dev/null && Rscript -e '$(foreach package,$(R_PACKAGES),library($(package));)' > /dev/null 2>&1 || { \
	  echo "error: R is needed, with $(R_PACKAGES)." >&2; \
	  echo "hint: on Debian and Ubuntu, sudo apt-get install $(foreach package,$(R_PACKAGES),r-cran-$(shell echo $(package) | tr A-Z a-z))" >&2; exit 1; }
	Rscript tests/reference/meta/generate.R tests/reference/meta $(REFERENCE_SETS)
	Rscript tests/reference/meta/generate_subgroups.R tests/reference/meta
	Rscript tests/reference/meta/generate_clusters.R tests/reference/meta
	Rscript tests/reference/smallstudy/generate.R tests/reference/smallstudy
	Rscript tests/reference/effectmeasures/generate.R tests/reference/effectmeasures/measures.json
	Rscript tests/reference/sequential/generate.R > tests/reference/sequential/rpact.json
	Rscript tests/reference/survival/make_reference.R tests/reference/survival kept

validate: $(VENV)/.installed-dev ## measure bias and coverage anew by simulation (slow)
	for script in tests/validation/simulate_*.py; do PYTHONPATH=. $(RUN)/python $$script || exit 1; done

check: lint docs-build test ## what CI runs: lint, documentation, tests (the examples are among them)

clean: ## remove everything that these commands made
	rm -rf $(VENV) build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PLACE):
	@python=$$(PYTHON="$(PYTHON)" sh scripts/find-python.sh) && \
	  echo "making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed-web: $(PLACE) pyproject.toml constraints.txt
	$(RUN)/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[web,pdf]'
	@$(WARM)
	@touch $@

$(VENV)/.installed-dev: $(PLACE) pyproject.toml constraints.txt
	$(RUN)/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[test,dev,docs]'
	@$(WARM)
	@touch $@ $(VENV)/.installed-web

# An environment of its own: the other program's requirements need not fit constraints.txt.
build/venv-bench/.installed: pyproject.toml
	@python=$$(PYTHON="$(PYTHON)" sh scripts/find-python.sh) && "$$python" -m venv --clear build/venv-bench
	build/venv-bench/bin/python $(PIP_INSTALL) --editable '.[bench]'
	@touch $@
