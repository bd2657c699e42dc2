# make demo    installs what is missing, builds, compiles the demo model and lets it speak
# make check   builds and runs every test
# make lint    formatting, clang-tidy, ruff, file sizes
# make build, make bench, make docs, make clean
BUILD ?= build
PROMPT ?= In the beginning
export PYTHON := $(CURDIR)/.venv/bin/python

.PHONY: demo check lint build setup bench docs clean
demo: build
	@$(PYTHON) scripts/demo.py --build $(BUILD) --prompt "$(PROMPT)"

check: build
	@$(PYTHON) scripts/check.py --build $(BUILD)

lint: build
	@$(PYTHON) scripts/lint.py --build $(BUILD)

build: setup
	@scripts/build.sh $(BUILD)

setup:
	@scripts/setup.sh

bench: build
	@$(PYTHON) bench/bench.py --build $(BUILD)

docs: build
	@cmake --build $(BUILD) --target mlir-doc

clean:
	rm -rf $(BUILD)
