# CourseMate. `make run` opens the page, `make test` checks everything; both start from nothing on Debian and Ubuntu.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TEST_HOME := $(or $(COURSEMATE_TEST_HOME),$(CURDIR)/.home)
TEST_WEIGHTS := qwen2.5-coder-0.5b multilingual-e5-small
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
WORKERS := 2

.PHONY: help run install test lint format openmp browser test-weights adapter clean

help:
	@echo "make run     install, fetch the weights, open http://127.0.0.1:7860"
	@echo "make test    everything: linters, types, tests with real weights and a real browser"
	@echo "make lint    ruff and mypy        make format  ruff, fixing"
	@echo "make adapter trains data/adapters/assistant-0.5b anew (hours on two cores; see docs/adapters.md)"
	@echo "make clean   remove .venv and caches; documents, weights and settings stay"

run: $(VENV)/.core openmp
	@$(BIN)/coursemate models pull
	@$(BIN)/coursemate ui --open

install: $(VENV)/.core

# The stamps are newer than pyproject.toml once an installation has come to its end.
$(VENV)/.core: pyproject.toml | $(BIN)/python
	@echo "Installing CourseMate into $(VENV); a few minutes, once."
	@$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "Installing CourseMate with its development tools into $(VENV); a few minutes, once."
	@$(PIP) -e ".[dev]"
	@touch $@ $(VENV)/.core

$(BIN)/python:
	@for candidate in python3 python3.13 python3.12 python3.11; do \
	    if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$${python:-}" ]; then \
	    echo "CourseMate needs Python 3.11 or newer. On Debian or Ubuntu: $(SUDO) apt-get install python3 python3-venv" >&2; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	    version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "Python $$version has no venv module. On Debian or Ubuntu: $(SUDO) apt-get install python$$version-venv" >&2; exit 1; \
	fi; \
	$$python -m venv $(VENV)

test: $(VENV)/.dev openmp browser test-weights lint
	@COURSEMATE_TEST_HOME="$(TEST_HOME)" $(BIN)/pytest -n $(WORKERS) --dist loadfile

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

test-weights: $(VENV)/.dev
	@COURSEMATE_WEIGHTS="$(TEST_HOME)/weights" $(BIN)/coursemate --home "$(TEST_HOME)" models pull $(TEST_WEIGHTS)

# llama.cpp needs OpenMP's library, which a bare Debian lacks.
openmp:
	@if ! command -v apt-get >/dev/null || ldconfig -p | grep -q 'libgomp\.so\.1'; then exit 0; fi; \
	$(SUDO) apt-get update -qq; \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libgomp1

# Without apt the browser tests skip and say so.
browser:
	@missing=""; \
	for package in chromium chromium-driver fonts-nanum; do \
	    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
	    echo "Not installed, and there is no apt-get:$$missing. Install them for the browser tests." >&2; exit 0; \
	fi; \
	$(SUDO) apt-get update -qq; \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing

# LICENSED: texts with a licence in each row (docs/finetune-data.md); STRATEGYQA: Ko-StrategyQA's CSV; READING: a SQuAD-format file for
# reading comprehension. None is needed.
ADAPTER := assistant-0.5b
ADAPTER_HOME := $(or $(COURSEMATE_HOME),$(CURDIR)/.home)
LICENSED :=
STRATEGYQA :=
READING :=
adapter: $(VENV)/.dev openmp test-weights
	@test ! -e data/adapters/$(ADAPTER) || { echo "data/adapters/$(ADAPTER) is there; move it away first" >&2; exit 1; }
	@COURSEMATE_WEIGHTS="$(TEST_HOME)/weights"; export COURSEMATE_WEIGHTS; \
	mate="$(BIN)/coursemate --home $(ADAPTER_HOME)"; \
	facts="$(if $(STRATEGYQA),$(ADAPTER_HOME)/ko_strategyqa.jsonl)"; mkdir -p $(ADAPTER_HOME); \
	$(if $(STRATEGYQA),$(BIN)/python -m finetune.data.strategyqa $(STRATEGYQA) $$facts;) \
	$$mate ingest data/course; \
	$$mate finetune data make assistant --compact -n 2000 --refusals 0.25 --spans 0.2 --reworded data/training/rewordings.jsonl \
		$(if $(LICENSED)$(STRATEGYQA),--licensed-share 0.5 --texts 400 --licensed $(LICENSED) $$facts); \
	$$mate finetune run assistant --name $(ADAPTER); \
	$$mate ask --adapter $(ADAPTER) "드롭아웃은 왜 쓰나요?"; \
	$(BIN)/python -m evals.calibrate data/questions/course-a.jsonl data/questions/course-b.jsonl --home $(ADAPTER_HOME) \
		--weights "$$COURSEMATE_WEIGHTS" --model qwen2.5-coder-0.5b --adapter $(ADAPTER_HOME)/adapters/$(ADAPTER) \
		--false-refusals 0.1 --write $(ADAPTER_HOME)/adapters/$(ADAPTER)/calibration.toml; \
	$$mate finetune evaluate $(ADAPTER) --questions data/questions/course-a.jsonl data/questions/course-b.jsonl $(if $(READING),--reading $(READING)); \
	$$mate finetune adapters export $(ADAPTER) data/adapters/$(ADAPTER) --form shipped

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build *.egg-info
