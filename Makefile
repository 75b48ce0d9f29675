# One entry point for every chore. Each target is a sentence in `make help`; long recipes live in scripts/.

PYTHON ?= python3
UV ?= uv
PYTEST_ARGS ?=
BENCH_ARGS ?=
SEED ?= $(shell date +%s)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
CODE := $(wildcard src tests bench scripts)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup demo test check format cover bench soak lock clean

help: ## List the targets.
	@echo "make <target>:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1 \2/p' Makefile | awk '{ n = $$1; $$1 = ""; printf "  %-8s%s\n", n, $$0 }'

setup: $(VENV)/.dev $(VENV)/.editable ## Make .venv with every pinned tool and the project itself, editable.

demo: $(VENV)/.runtime $(VENV)/.editable ## Serve the API with invented data; no Waldur, no token, no settings.
	$(BIN)/cscs serve --demo

test: setup ## Run all tests, warnings as errors, and say what was left out.
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: setup ## Check format, lint, types and the walls between packages.
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

format: setup ## Format the code and apply the safe fixes of the linter.
	$(BIN)/ruff check --fix-only $(CODE)
	$(BIN)/ruff format $(CODE)

cover: setup ## Run all tests and list the lines and branches nothing has reached.
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage report

bench: setup ## Measure speed and memory against the bars (apt package wrk is optional).
	$(BIN)/python -m bench $(BENCH_ARGS)

soak: setup ## Run the property tests long; the seed is printed, SEED=n repeats a run.
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -m hypothesis --hypothesis-seed=$(SEED) $(PYTEST_ARGS)

lock: ## Pin requirements/ afresh from pyproject.toml (needs uv; LOCK_ARGS=--upgrade moves pins).
	UV="$(UV)" bash scripts/lock.sh $(LOCK_ARGS)

clean: ## Remove everything that make and the tests have written, .venv included.
	rm -rf $(VENV) dist build htmlcov .coverage .coverage.* .hypothesis
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: each is as new as the last success, so a second run only compares dates.

$(VENV)/.created:
	@PYTHON="$(PYTHON)" bash scripts/make_venv.sh $(VENV)
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.created
	@echo "Installing the pinned tools and libraries into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/.runtime

$(VENV)/.runtime: requirements/runtime.txt | $(VENV)/.created
	@echo "Installing the pinned libraries into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements/runtime.txt
	@touch $@

$(VENV)/.editable: pyproject.toml src/cscs_domain/_version.py requirements/build.txt | $(VENV)/.created
	@$(PIP) --require-hashes -r requirements/build.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
