# Needs Python 3.11 or later and make; `make test-conformance` needs node as well.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM_CACHE := .npm-cache

.PHONY: demo test test-conformance test-safety test-faults test-endpoints lint bench bench-quality lock docs clean

$(VENV)/.run: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# STAY=1 keeps it up, with a page where you can open issues and comment.
demo: $(VENV)/.run
	$(BIN)/python -m bot demo $(if $(STAY),--stay)

test: $(VENV)/.dev
	$(BIN)/python -m pytest tests --ignore tests/conformance -n 3 --dist loadfile

test-conformance: $(VENV)/.dev $(NPM_CACHE)/.installed
	OCTOKIT=$(abspath $(NPM_CACHE))/node_modules $(BIN)/python -m pytest tests/conformance

# Each lane writes its table to docs/assurance.md. NIGHTLY=1 takes hours.
test-safety: $(VENV)/.dev
	$(BIN)/python -m tests.safety $(if $(NIGHTLY),--nightly) $(LANES)

test-faults: $(VENV)/.dev
	$(BIN)/python -m tests.faults $(if $(NIGHTLY),--nightly) $(LANES)

# Real model servers, each in an environment of its own in .servers-cache (2.5 GB; one of them is compiled, for some
# minutes). Writes docs/models/measured.md. SERVERS="llama-cpp litellm" runs only those.
test-endpoints: $(VENV)/.dev
	$(BIN)/python -m tests.endpoints $(SERVERS)

$(NPM_CACHE)/.installed: tests/conformance/package.json
	mkdir -p $(NPM_CACHE)
	cp tests/conformance/package.json $(NPM_CACHE)/
	cd $(NPM_CACHE) && npm install --silent --no-audit --no-fund --no-package-lock
	touch $@

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m docs.generate --check

# Each writes its table to docs/assurance.md. With node, Probot is measured beside it; SECONDS=5 is a shorter try.
bench: $(VENV)/.dev
	$(if $(shell command -v npm),$(MAKE) --no-print-directory $(NPM_CACHE)/probot/.installed)
	PROBOT=$(abspath $(NPM_CACHE))/probot $(BIN)/python -m benchmarks $(BENCHMARKS) $(if $(SECONDS),--seconds $(SECONDS))

$(NPM_CACHE)/probot/.installed: benchmarks/probot/package.json benchmarks/probot/server.mjs
	mkdir -p $(NPM_CACHE)/probot
	cp benchmarks/probot/package.json benchmarks/probot/server.mjs $(NPM_CACHE)/probot/
	cd $(NPM_CACHE)/probot && npm install --silent --no-audit --no-fund --no-package-lock
	touch $@

# DATA is a folder with issue_kinds_train.csv, seamonkey_reports.csv and seamonkey_duplicates.csv.
bench-quality: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.quality $(DATA)

# Pages and tables that are written from the code.
docs: $(VENV)/.dev
	$(BIN)/python -m docs.generate

# Locks hold hashes and no addresses. --universal: one lock for every platform and Python that we support.
lock: $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --extra test --extra lint --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) $(NPM_CACHE) .servers-cache data
