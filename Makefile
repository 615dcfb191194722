# make demo   the main job on the built-in offline endpoint: no key, no network
# make test   everything that must hold, in under three minutes
# make help   all targets

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help demo test check fix docs pictures test-heavy test-train test-browser bench clean

help:
	@echo "demo        run the main job on examples/answers.jsonl with the offline endpoint"
	@echo "test        check, then the default tests"
	@echo "check       lint, formatting, types, import floors"
	@echo "fix         mend what lint and formatting can mend"
	@echo "docs        write docs/reference.md from the program"
	@echo "test-heavy  kills, storms and the wheel: minutes"
	@echo "test-train  two steps of every TRL trainer on the pairs (installs CPU torch)"
	@echo "test-browser  drive the report in Chromium (/usr/bin/chromium)"
	@echo "bench       measure speed and memory (ROWS=1000000), print a table"
	@echo "pictures    make the pictures of the README (/usr/bin/chromium)"
	@echo "clean       remove what make made"

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(READY)
	$(BIN)/clair revise examples/answers.jsonl -o demo.clair --mock
	@FORCE_COLOR=1 $(BIN)/clair show demo.clair --number 1
	@echo
	@echo "All pairs: demo.clair/train.jsonl   More of them: $(BIN)/clair show demo.clair"

test: check
	$(BIN)/python -m pytest -n 3

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(READY)
	$(BIN)/python docs/reference.py

test-heavy: $(READY)
	$(BIN)/python -m pytest -m heavy -n 2 --timeout 900

test-train: $(READY)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[dev,train]'
	CLAIR_TRAIN=1 $(BIN)/python -m pytest -m train tests/train --timeout 900

test-browser: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[dev,browser]'
	CLAIR_BROWSER=1 $(BIN)/python -m pytest -m browser tests/test_report_browser.py

ROWS ?= 1000000

bench: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	$(BIN)/python -m bench --write --rows $(ROWS)

pictures: $(READY)
	$(BIN)/python -m pip install --quiet pillow
	$(BIN)/python docs/pictures/make.py

clean:
	rm -rf .venv build dist demo.clair *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
