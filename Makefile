# Everything there is to run; `make` alone lists it. PYTHON=python3.12 chooses the interpreter of a new .venv.
# The light environment pretrains; the full one adds mmdet, compiled mmcv and the test tools. A stamp file
# in .venv says which is installed, and is written only when all of it is.

BIN := .venv/bin
.PHONY: help demo test lint types zoo docs clean
.NOTPARALLEL:

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

demo: .venv/light  ## pretrain on real digits, evaluate, save pictures (5 minutes on 2 cores, all included)
	$(BIN)/python tools/demo.py

test: lint types  ## install everything, then lint, types and tests (20 to 50 minutes on 2 cores once mmcv is compiled)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile  # two processes of one thread each

lint: .venv/full  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/full  ## pyright
	$(BIN)/basedpyright

zoo: .venv/light  ## write both pages of the model zoo from the records
	$(BIN)/python tools/model_zoo.py

docs: build/sphinx/ready  ## build the site of these pages into build/docs (a minute, Python 3.11 or newer)
	build/sphinx/bin/python -m sphinx -W --keep-going -E -q -d build/doctrees -c docs . build/docs
	@echo "open build/docs/index.html"

clean:  ## remove .venv and caches; work_dirs, data and compiled wheels stay
	rm -rf .venv build dist *.egg-info mmbarlow/.mim .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# A full environment stays full, so that `make demo` does not take mmcv's operators from it.
.venv/light: requirements/runtime.txt requirements/constraints.txt setup.py pyproject.toml tools/install.sh
	tools/install.sh $(if $(wildcard .venv/full),full,light)

# Sphinx has an environment of its own: it reads the sources, and needs neither torch nor the package.
build/sphinx/ready: requirements/docs.txt
	$(or $(PYTHON),python3) -m venv --clear build/sphinx
	build/sphinx/bin/python -m pip install -q --disable-pip-version-check -r requirements/docs.txt
	touch $@

.venv/full: $(wildcard requirements/*.txt) setup.py pyproject.toml tools/install.sh
	tools/install.sh full
