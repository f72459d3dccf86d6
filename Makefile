# Everything that a person or CI does with the project; `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
BENCH_FOLDER ?= build/bench
CLUSTER ?= build/cluster
SPARK_MODULES ?= tests/schemas tests/models/test_spark.py tests/models/test_one_path.py \
	tests/pool/test_screening.py tests/features/test_cut.py \
	tests/features/test_convention.py tests/runtime/test_catalog.py tests/runtime/test_stage.py
ALSO ?= real or slow
PARALLEL ?= --numprocesses 2 --dist loadscope

.DEFAULT_GOAL := help
.PHONY: help setup lock fmt check test test-spark test-all demo notebooks bench bench-features bench-catalogue \
	bench-models bench-pool bench-workbench bench-real-models bench-truth bench-term bench-scoring bench-sizing dist cluster cluster-stop docs site clean

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(VENV)/ready  ## Make .venv with every pinned package (needs Python 3.11, make and git)

$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Poolwright needs Python 3.11 to 3.13; this is {v[0]}.{v[1]}. Name another: make setup PYTHON=python3.11")'
	@echo "Installing the pinned packages into $(VENV): 3 GB, some minutes, and nothing is said meanwhile"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/installer.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/installer.lock
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	touch $@

lock: setup  ## Pin the newest allowed packages anew, with hashes and without index addresses
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --quiet --upgrade --output-file requirements.lock

fmt: setup  ## Format the code
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --quiet --fix . || true

check: setup  ## Format, lint, types, import rules, house tests
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_house.py

test: setup  ## Test on Sail, without Java (under ten minutes)
	$(BIN)/pytest -q $(PARALLEL) -m "not real and not spark and not slow"

test-spark: setup  ## Test every engine-facing module on Apache Spark, each in a process of its own (needs Java; long)
	failed=""; for module in $$(grep -rl "engine: SparkSession" tests | sort); do \
		$(BIN)/pytest -q --engine spark -m "not real and not slow" --timeout 1200 "$$module" || failed="$$failed $$module"; \
	done; test -z "$$failed" || { echo "failed on Apache Spark:$$failed"; exit 1; }

test-all: setup  ## Test all: real data, long runs, and the engine's own modules on Apache Spark (needs Java)
	$(BIN)/pytest -q $(PARALLEL) -m "$(ALSO)" --timeout 1500
	$(BIN)/pytest -q --engine spark -m "not real and not slow" --timeout 1200 $(SPARK_MODULES)

demo: setup  ## Simulate a platform, train, run two days, buy, report (workspace ./demo)
	PATH="$(CURDIR)/$(BIN):$$PATH" bash pipelines/demo.sh $(DEMO)

notebooks: setup  ## Run every notebook on the demo's workspace; what it shows goes to docs/notebooks (after make demo)
	mkdir -p build/notebooks docs/notebooks
	$(BIN)/jupytext --quiet --to ipynb notebooks/*.py
	mv notebooks/*.ipynb build/notebooks
	POOLWRIGHT_HOME="$(abspath $(DEMO))/workspace" PYTHONWARNINGS=ignore $(BIN)/jupyter-nbconvert --log-level ERROR --execute \
		--ExecutePreprocessor.kernel_name=python3 --to markdown --output-dir docs/notebooks build/notebooks/*.ipynb

bench: setup  ## Measure what docs/benchmarks.md shows
	$(BIN)/python bench/main_job.py

bench-features: setup  ## Measure the feature sweep against DuckDB, Polars and Spark (needs Java; about 40 minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/feature_harness.py $(BENCH_FOLDER) $(SIZES)

bench-catalogue: setup  ## Measure the whole catalogue on the product's own path (about ten minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/feature_whole.py

bench-models: setup  ## Measure the model lab against public models (about two hours; a run that was cut goes on)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/model_harness.py $(BENCH_FOLDER)/models

bench-real-models: setup  ## Measure the model lab on Xente and Berka, grouped by customer (about ten minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/platform_harness.py $(BENCH_FOLDER)/platforms

bench-pool: setup  ## Measure screening against DuckDB, and selection against its bound (5 GB of disk; about ten minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/pool_harness.py $(BENCH_FOLDER) $(RECEIVABLES)

bench-workbench: setup  ## Measure every view of the workbench over a million receivables (10 GB of disk; about ten minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/workbench_speed.py $(BENCH_FOLDER)

bench-truth: setup  ## Measure models and upper bounds against the truth of the simulated platform (about ten minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/truth_harness.py

bench-term: setup  ## Measure expected against realised defaults by months on book (about ten minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/term_structure.py $(BENCH_FOLDER)/term

bench-sizing: setup  ## Measure what an event costs on Spark's workers (needs Java; about five minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/sizing.py $(BENCH_FOLDER) $(SIZES)

bench-scoring: setup  ## Measure scoring, tables included, against LightGBM's predict (12 GB of disk; about ten minutes)
	PYTHONPATH="$(CURDIR)" $(BIN)/python bench/scoring.py $(SCORING) $(BENCH_FOLDER)

dist: setup  ## Build what a cluster needs: dist/ gets the wheel and the archive of packages for its workers
	PATH="$(CURDIR)/$(BIN):$$PATH" bash pipelines/dist.sh dist build/environment

cluster: setup  ## Start an Apache Spark cluster on this machine: one master, two workers (needs Java)
	PATH="$(CURDIR)/$(BIN):$$PATH" bash pipelines/cluster.sh start $(CLUSTER)

cluster-stop:  ## Stop that cluster
	bash pipelines/cluster.sh stop $(CLUSTER)

docs: setup  ## Write the generated pages of docs/ anew
	$(BIN)/python -m schemas.reference > docs/reference/tables.md
	$(BIN)/python -m pipelines.reference
	$(BIN)/python -m pool.deal_schema > docs/reference/deal.schema.json
	$(BIN)/python -m pipelines.deal_templates > docs/deal_templates.md
	$(BIN)/python -m tests.features.accept
	$(BIN)/python -m tests.models.detectors > docs/reference/detectors.md

site: setup  ## Build the pages of docs/ as a site into build/site (no page loads anything from outside)
	DISABLE_MKDOCS_2_WARNING=true NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --site-dir build/site

clean:  ## Remove what was made: .venv, demo, caches
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
