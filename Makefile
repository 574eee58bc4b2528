# The two commands are `make run` and `make test`; `make help` lists the rest.
# Works with GNU make 3.81 (macOS) as well as 4.x, and with any POSIX sh.

PORT ?= 8000
INSTANCE ?= instance
LETTER ?= examples/deepfakes
ONLY =
ARGS =

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:

UV_VERSION := 0.13.9
# English is what stands in the code and the templates.
LOCALES := de fr
BIN := .venv/bin
# uv must take the Python that it is given, not fetch one of its own.
export UV_PYTHON_DOWNLOADS := never

.PHONY: help
help: ## List what can be made
	@echo "Usage: make TARGET [NAME=value ...]"
	@awk -F ':.*## ' '/^[a-z.]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

# ---- The environment -----------------------------------------------------------

# The first of these that is new enough makes it; PYTHON=some/python3 names another.
PYTHONS = $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11)
OLD_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))

# Installs exactly what the given files say, hashes checked, and nothing besides.
# pip, which every Python brings, does it where uv is not to be had: only slower.
INSTALL = @if [ -x $(BIN)/uv ]; then \
	  $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode $(1); \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes $(addprefix -r ,$(1)); \
	fi || { echo "The requirements could not be installed: the lines above say why." >&2; exit 1; }

.PHONY: .venv
.venv: .venv/run.stamp ## Make the environment (PYTHON=python3.12 names the Python to use)

.venv/made.stamp:
	@[ -w . ] || { echo "This folder cannot be written to: copy the project to a folder of your own and run make there." >&2; exit 1; }
	@for python in $(PYTHONS); do \
	  if "$$python" -c '$(OLD_ENOUGH)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Undersigned needs Python 3.11 or newer: install it, or name one with make PYTHON=path/to/python3." >&2; exit 1; \
	fi; \
	"$$found" -m venv .venv >/dev/null 2>&1 || { \
	  echo "$$found cannot make an environment: install its venv module (on Debian: apt-get install python3-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
	  || echo "uv cannot be installed here, so pip does its work: slower, with the same result." >&2
	@touch $@

# Whoever has the tools for the tests keeps them when the requirements change.
.venv/run.stamp: .venv/made.stamp requirements.txt
	$(call INSTALL,requirements.txt $(if $(wildcard .venv/dev.stamp),requirements-dev.txt))
	@touch $@

.venv/dev.stamp: .venv/made.stamp requirements.txt requirements-dev.txt
	$(call INSTALL,requirements.txt requirements-dev.txt)
	@touch .venv/run.stamp $@

# ---- Running -------------------------------------------------------------------

.PHONY: run
run: .venv/run.stamp ## Start it with the example letter (PORT=8000 INSTANCE=instance LETTER=examples/deepfakes)
	@exec $(BIN)/python -m app.run --port "$(PORT)" --instance "$(INSTANCE)" --letter "$(LETTER)"

.PHONY: flask
flask: .venv/run.stamp ## Run a command on an instance (INSTANCE=instance ARGS="tally check")
	@exec $(BIN)/python -m app.instance "$(INSTANCE)" $(ARGS)

# ---- Testing and measuring -----------------------------------------------------

# One more than a small machine has cores, for many tests wait for a lease or a browser;
# one named test starts faster alone.
.PHONY: test
test: .venv/dev.stamp $(if $(ARGS),,lint types) ## Lint, types and every test; with ARGS="-k name" only those tests
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-n 3 --dist worksteal)

.PHONY: lint
lint: .venv/dev.stamp ## Judge style and format
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

.PHONY: types
types: .venv/dev.stamp ## Check the types, strictly
	$(BIN)/python -m mypy

.PHONY: format
format: .venv/dev.stamp ## Format the code and mend what can be mended by rule
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

.PHONY: faults
faults: .venv/dev.stamp ## Kill, hang and starve the parts for as long as that takes
	$(BIN)/python -m pytest -m "long or not long" tests/faults $(ARGS)

.PHONY: bench
bench: .venv/dev.stamp ## Measure against the plainest programs of the same kind (ONLY=name ARGS=--quick)
	$(BIN)/python -m bench.run $(if $(ONLY),--only "$(ONLY)") $(ARGS)

.PHONY: screenshots
screenshots: .venv/dev.stamp ## Photograph every page in every state into screenshots/
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

# ---- Keeping -------------------------------------------------------------------

LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet

.PHONY: lock
lock: .venv/made.stamp ## Resolve requirements*.in into requirements*.txt (ARGS="--upgrade")
	$(LOCK) $(ARGS) requirements.in -o requirements.txt
	$(LOCK) $(ARGS) requirements-dev.in -o requirements-dev.txt

PYBABEL = $(BIN)/python -m babel.messages.frontend --quiet
POT = translations/messages.pot

.PHONY: translations
translations: .venv/run.stamp ## Collect the sentences of code and templates into translations/
	@mkdir -p translations
	$(PYBABEL) extract --mapping babel.cfg --keywords marked --sort-by-file --add-location file \
	  --no-wrap --project Undersigned --copyright-holder "The Undersigned contributors" --output $(POT) .
	@for locale in $(LOCALES); do \
	  [ -e translations/$$locale/LC_MESSAGES/messages.po ] || \
	    $(PYBABEL) init --no-wrap --input-file $(POT) --output-dir translations --locale $$locale || exit 1; \
	done
	$(PYBABEL) update --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
	  --input-file $(POT) --output-dir translations

.PHONY: clean
clean: ## Remove the environment and every cache; instances stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis screenshots
	find app bench migrations tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
