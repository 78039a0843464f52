# make demo: install everything and run one round beside a control. make test: install, lint
# and run the tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data/babeltower
REPORT ?= gpu-report.md

# Without bytecode each process compiles torch and transformers anew: ten seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo lint test test-gpu gpu-report test-slow install system bench clean

demo: install
	$(BIN)/coevolve run configs/demo.toml

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# A file's tests stay together: they share what is made once for all of them. Long files come first
# in the order they stand in.
test: lint
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-slow: install
	$(BIN)/python -m pytest -m slow

test-gpu: install
	$(BIN)/python -m pip install --quiet -e ".[cuda]"
	REQUIRE_CUDA=1 $(BIN)/python -m pytest -m gpu

# What only a machine with a GPU can show, in one file within ten minutes; needs a driver, gcc, g++ and Python alone, no installation.
gpu-report:
	$(PYTHON) benchmarks/gpu_report.py --data $(DATA) --out $(REPORT)

bench: install
	$(BIN)/python benchmarks/verify_throughput.py

install: system $(VENV)/.installed

system:
	@sh gpu_runtime/system_packages.sh

# torch first and alone: its pinned wheel must be settled before anything asks for "torch". Bytecode is made on first
# import: compiling all of it here costs a minute.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile torch==2.13.0
	$(BIN)/python -m pip install --quiet --no-compile -e ".[dev,cuda]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info
