# Everything a developer runs. `make demo` and `make test` set themselves up; a second run is quick.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := .build/lock
MAKEFLAGS += --no-print-directory

.PHONY: demo test quick checks bench borders browser torture lock clean help

help:
	@echo "make demo    the main job from end to end, on embedded parts: no server, no root"
	@echo "make test    style, types, architecture and all tests, on real servers of this machine"
	@echo "make quick   the same without the servers and scenarios, in less than two minutes"
	@echo "make bench   speed and memory, beside fetchmail, getmail6 and bare libraries"
	@echo "make borders real border mail servers, all that docs/borders.md names: whom they prove, which forgery passes"
	@echo "make browser what a real Chromium shows of small pages, kept for the tests of reading HTML"
	@echo "make torture an hour of kill -9, failing system calls and broken connections, and what was lost"
	@echo "make lock    choose the newest versions within the ranges of setup.cfg"
	@echo "make clean   remove what these made"

demo: $(VENV)/.runtime
	@$(BIN)/flexmaild demo

test: $(VENV)/.test
	@packaging/test-machine.sh
	@$(MAKE) checks
	$(BIN)/pytest -n auto --dist worksteal

quick: $(VENV)/.test
	@$(MAKE) checks
	$(BIN)/pytest -n auto --dist worksteal -m "not slow" --hypothesis-profile quick tests/unit

checks:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy flexmaild packaging/pages
	$(BIN)/lint-imports

bench: $(VENV)/.test
	@packaging/test-machine.sh bench
	$(BIN)/python -m tests.benchmarks

borders: $(VENV)/.test
	@packaging/test-machine.sh borders
	$(BIN)/python -m tests.borders

torture: $(VENV)/.test
	@packaging/test-machine.sh
	$(BIN)/python -m tests.torture

browser: $(VENV)/.test
	$(BIN)/python -m tests.browser.renew

# Some packages come as source only. setuptools has a lock of its own and builds them, and ours, so that
# nothing is fetched that no lock names.
INSTALL := $(PIP) install --no-build-isolation --use-pep517

$(VENV)/.runtime: setup.cfg pyproject.toml packaging/requirements-build.txt packaging/requirements.txt
	@packaging/venv.sh
	@echo "installing what flexmaild runs with into $(VENV)"
	@$(PIP) install --require-hashes -r packaging/requirements-build.txt
	@$(INSTALL) --require-hashes -r packaging/requirements.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.runtime packaging/requirements-test.txt
	@echo "installing what the tests need into $(VENV)"
	@$(INSTALL) --require-hashes -r packaging/requirements-test.txt
	@touch $@

# Exact versions with hashes; every dependency and every Python from 3.11 on (markers tell them apart).
COMPILE := $(LOCK)/bin/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --upgrade \
	--generate-hashes --universal --python-version 3.11

lock:
	python3 -m venv $(LOCK)
	$(LOCK)/bin/python -m pip --quiet install uv
	echo 'setuptools>=77' | $(COMPILE) - -o packaging/requirements-build.txt
	$(COMPILE) setup.cfg -o packaging/requirements.txt
	$(COMPILE) setup.cfg --extra dkim --extra test -c packaging/requirements.txt \
		-o packaging/requirements-test.txt

clean:
	rm -rf $(VENV) .build build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
