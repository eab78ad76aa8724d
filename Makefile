# CityOps: every target sets up what it needs. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV := .tools/bin/uv
PY := .venv/bin/python
NPM := sh scripts/npm.sh
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -not -path 'web/src/api/schema.d.ts' -not -name openapi.json 2>/dev/null)
API_SOURCES := $(shell find src/cityops/api -name '*.py' 2>/dev/null)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

run: .venv/.ready web/dist/.ready ## the whole product with the demo city on http://127.0.0.1:8080
	@exec .venv/bin/cityops run

setup: .venv/.ready web/dist/.ready ## everything that run and test need, without starting anything

web: web/dist/.ready ## build the user interface

check: .venv/.ready web/node_modules/.ready web/src/api/schema.d.ts ## ruff, mypy --strict, import-linter, vue-tsc, eslint
	.venv/bin/ruff check src tests bench
	.venv/bin/ruff format --check src tests bench
	.venv/bin/lint-imports
	.venv/bin/mypy
	$(NPM) --prefix web run --silent check

test: .venv/.ready web/dist/.ready ## every test; the browser stories where Chromium is found
	$(PY) -m pytest -n 2 --dist loadgroup

bench: .venv/.ready ## every benchmark beside its baseline; results go to bench/results
	$(PY) -m bench

fuzz: .venv/.ready ## one million mutated inputs against the JT/T 808 decoder
	$(PY) -m tests.gateways.fuzz_jt808 --inputs 1000000

lock: $(UV) ## choose newest allowed versions again and pin them with hashes
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-header --group dev pyproject.toml -o requirements.lock

clean: ## remove what was built, keep the data folder
	rm -rf .venv .tools web/node_modules web/dist web/src/api/schema.d.ts .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV): scripts/tools.sh
	@sh scripts/tools.sh

.venv/.ready: requirements.lock pyproject.toml | $(UV)
	@echo "Setting up Python packages (a minute on the first run) …"
	@UV_PYTHON_DOWNLOADS=never $(UV) venv --quiet --allow-existing --python python3 .venv
	@$(UV) pip sync --quiet --require-hashes --python $(PY) requirements.lock
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python $(PY) --editable .
	@touch $@

web/node_modules/.ready: web/package.json web/package-lock.json scripts/npm.sh | .venv/.ready
	@echo "Setting up web packages …"
	@$(NPM) --prefix web ci --no-audit --no-fund --silent
	@touch $@

web/src/api/schema.d.ts: $(API_SOURCES) web/package.json | .venv/.ready web/node_modules/.ready
	@.venv/bin/cityops openapi > web/openapi.json
	@$(NPM) --prefix web run --silent api

web/dist/.ready: web/src/api/schema.d.ts web/node_modules/.ready $(WEB_SOURCES)
	@echo "Building the user interface …"
	@$(NPM) --prefix web run --silent build
	@touch $@

.PHONY: help run setup web check test bench fuzz lock clean
