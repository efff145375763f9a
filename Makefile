.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(VENV)/.complete: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.complete
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

demo: $(VENV)/.complete  ## Play the main job once and exit
	@$(VENV)/bin/delivery demo

up: $(VENV)/.complete  ## Run the whole stack here until Ctrl-C
	@$(VENV)/bin/delivery up

test: $(VENV)/.complete  ## Run every test
	@$(RUN) -m pytest

bench: $(VENV)/.bench  ## Measure, beside the bare engine, plain PostgreSQL and DBOS; BENCH="compare --rounds 1" for less
	@$(RUN) -m bench $(BENCH)

docs: $(VENV)/.complete  ## Draw docs/flows/ from the tables
	@$(VENV)/bin/delivery flows

.PHONY: help demo up test bench docs
