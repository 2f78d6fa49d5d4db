# Every target installs what it needs into .venv, once for each state of the lock file.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
JOBS   ?= $(shell nproc 2>/dev/null || echo 1)

.DEFAULT_GOAL := help
.PHONY: help train accurate compare label lint test test-slow test-pages bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"Python {v[0]}.{v[1]} came, 3.11 or newer is needed; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

train: $(STAMP) ## train and evaluate all of experiments/ but accurate into runs/
	$(BIN)/toolkit train --jobs $(JOBS)

accurate: $(STAMP) ## install the extra and train experiments/accurate.toml (about an hour)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements-accurate.txt -e ".[accurate]"
	@test -d runs/default/model || $(BIN)/toolkit train default --jobs $(JOBS)
	$(BIN)/toolkit train accurate --jobs $(JOBS)

compare: $(STAMP) ## compare all of runs/ on the terminal and in runs/comparison.html
	$(BIN)/toolkit compare
	$(BIN)/toolkit compare --output runs/comparison.html

label: $(STAMP) ## label an article: make label FILE=article.txt
	@test -n "$(FILE)" || { echo "FILE is empty; name an article, as in make label FILE=article.txt"; exit 2; }
	$(BIN)/toolkit label "$(FILE)"

lint: $(STAMP) ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(STAMP) ## check the corpus and run the quick tests, with coverage
	$(BIN)/toolkit corpus check
	$(BIN)/pytest -n $(JOBS) --cov --cov-report=term-missing:skip-covered

test-slow: $(STAMP) ## run all tests but those in a browser, the slow ones too
	$(BIN)/pytest -n $(JOBS) -m "not browser"

tests/node_modules/.installed: tests/package-lock.json
	@command -v npm >/dev/null || { test "$$(id -u)" = 0 && apt-get update -q && apt-get install -q -y npm; } || { echo "npm is not there; install Node.js 20 or newer"; exit 1; }
	npm ci --prefix tests --ignore-scripts --no-audit --no-fund
	@touch $@

test-pages: $(STAMP) tests/node_modules/.installed ## run the tests of the pages in Chromium; pictures go to .cache/pages
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { test "$$(id -u)" = 0 && apt-get update -q && apt-get install -q -y chromium; } || { echo "chromium is not there; install it, or name a Chrome in CHROMIUM"; exit 1; }
	$(BIN)/pytest -m browser tests/pages/test_browser.py

bench: $(STAMP) ## time labelling beside its peers: make bench TEXT=sentences.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[bench]"
	@test -d runs/default/model || $(BIN)/toolkit train default --jobs $(JOBS)
	$(BIN)/python experiments/bench.py $(TEXT)

lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade -o requirements.lock

clean: ## remove .venv, runs and caches
	rm -rf $(VENV) runs dist bench.json .cache tests/node_modules .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
