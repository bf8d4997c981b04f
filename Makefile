# make demo: set-up and the whole way on the embedded corpus. make test: set-up and every check.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint fuzz speed gpu wheels clean

# The demo trains hybrid, which needs torch; tests need the checkers too. Both stamps live in the one environment.
$(VENV)/.kit: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[models]'
	touch $@

$(VENV)/.dev: $(VENV)/.kit
	$(PIP) --editable '.[models,chinese,dev]'
	touch $@

$(VENV)/.speed: $(VENV)/.dev
	$(PIP) --editable '.[models,chinese,dev,speed]'
	touch $@

# benchmarks/ also holds what the scripts share, and trials on a corpus that has to be named.
TRIALS := dev_corpus hybrid_hard_negatives hybrid_ranking hybrid_reranker planted_bilingual planted_moments
SHARED := data hybrid_cross_encoder hybrid_folds hybrid_lists hybrid_terms moments_by_query pairs processes quadratic reference_predictor
BENCHMARKS := $(filter-out $(patsubst %,benchmarks/%.py,$(TRIALS) $(SHARED) gpu wheels),$(wildcard benchmarks/*.py))

demo: $(VENV)/.kit
	$(BIN)/cmivqa demo --dir demo-workspace

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# By file: a training that several tests of a file look at is made once. In the order of tests/conftest.py: heavy files first.
test: lint
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Ten minutes of hostile inputs, kills and sizes (tests/fuzz): kind, tried, failed. FUZZ_SECONDS and SEED choose others.
FUZZ_SECONDS ?= 600
SEED ?= 0
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --seed $(SEED)

speed: $(VENV)/.speed
	for script in $(BENCHMARKS); do $(BIN)/python $$script || exit 1; done

# On a machine with a GPU and no network: its own python with torch in it, and what lies in wheels/. DEVICE=cpu tries the script.
GPU_PYTHON ?= python3
DEVICE ?= cuda
gpu:
	$(GPU_PYTHON) benchmarks/gpu.py --device $(DEVICE)

# For `make gpu` there; fetched here.
wheels: $(VENV)/.kit
	$(BIN)/python benchmarks/wheels.py

clean:
	rm -rf $(VENV) demo-workspace build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
