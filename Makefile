# make check   run every statement with the default profile and build the report
# make check-today   the same on other random numbers: those that belong to the date
# make rotating   what changes with the date: quick on its random numbers, a share of nightly and of the mutations
# make nightly [DEVICE=cuda MINUTES=480 STATE=build/nightly]   a long run; STATE keeps records and examples between nights
# make test    the project's own tests
# make browser what tests of the report's pages in a real browser need; without it they are skipped
# make lint    formatting, style, types, formulas
# make test-oldest   the harness' own tests with the oldest admitted versions, in .venv-oldest
# make pretend every part and twin on a pretended accelerator, against the CPU
# make synchronisations [ONLY='ALS-04 ...']   what would make a GPU wait, by part
# make mutants [ONLY=text]   falsifies the settings in copies and says which statements notice
# make power [ENTROPIES=5]   docs/power.md: what each profile notices; then the slow planted tests
# make report  the report again, from the latest records
# make docs    the pages that are written from code: records, reference, findings, tables
# make typed   build/typed: the package as it is installed, for type checkers and editors
# make .venv   only set up

BIN := .venv/bin
PYTHON ?= python3
ENTROPY ?= 0
TODAY := $(shell date -u +%Y%m%d)
DAY := $(shell expr $$(date -u +%s) / 86400)
DEVICE ?= cuda
MINUTES ?= 480
STATE ?= build/nightly
ENTROPIES ?= 5

.PHONY: browser check check-today rotating nightly power test test-oldest lint mutants pretend synchronisations report docs format typed clean .venv

check: .venv
	@status=0; \
	$(BIN)/pytest -n auto --dist worksteal --lemmata-records build/records --lemmata-entropy $(ENTROPY) || status=$$?; \
	echo "report:"; $(BIN)/lemmata report --records build/records --out build/report || status=$$?; \
	exit $$status

check-today:
	@echo "entropy $(TODAY): make check ENTROPY=$(TODAY) draws the same trials again"
	@$(MAKE) --no-print-directory check ENTROPY=$(TODAY)

rotating: .venv
	@echo "entropy $(TODAY), day $(DAY): make rotating TODAY=$(TODAY) DAY=$(DAY) draws the same trials again"
	@status=0; export HYPOTHESIS_STORAGE_DIRECTORY=build/rotating/hypothesis; run="$(BIN)/pytest -n auto --dist worksteal -q \
	  --lemmata-entropy $(TODAY) --lemmata-records build/rotating/records"; \
	$$run --lemmata-profile quick || status=$$?; \
	$$run --lemmata-profile nightly --lemmata-budget 2m $$($(BIN)/python .ci/share.py $(DAY)) || status=$$?; \
	$(BIN)/python tests/mutants/run.py --share $(DAY)/16 --seconds 100 || status=$$?; \
	exit $$status

# Red for a refuted statement, an error or a twin that survives; what time did not suffice for is skipped.
nightly: .venv
	@status=0; mkdir -p $(STATE); export HYPOTHESIS_STORAGE_DIRECTORY=$(STATE)/hypothesis; \
	$(BIN)/pytest -n auto --dist worksteal --lemmata-profile nightly --lemmata-device $(DEVICE) \
	  --lemmata-budget $(MINUTES)m --lemmata-records $(STATE)/records || status=$$?; \
	echo "report:"; $(BIN)/lemmata report --all-runs --records $(STATE)/records --out $(STATE)/report || status=$$?; \
	exit $$status

test: .venv
	$(BIN)/pytest tests -n auto --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=90

browser: .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,browser]'
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  echo "Chromium from Debian's packages:"; timeout 60 apt-get update -qq && timeout 120 apt-get install -y -qq chromium; } || { \
	  echo "install Chromium by hand, or name it with CHROMIUM=/its/path"; exit 1; }

# What types and packages are made of belongs to today's versions; theorems and planted runs take long.
OF_THE_HARNESS := $(filter-out tests/packaging/ tests/planted/ tests/pretended/ tests/theorems/,$(sort $(dir $(wildcard tests/*/test_*.py))))

test-oldest: .venv-oldest/.ready
	.venv-oldest/bin/pytest $(OF_THE_HARNESS) tests/test_layering.py -n auto --dist worksteal -q

pretend: .venv
	$(BIN)/pytest tests/pretended/every_part.py -n auto --dist worksteal -q

mutants: .venv
	$(BIN)/python tests/mutants/run.py --only '$(ONLY)'

power: .venv
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python tests/planted/power.py docs/power.md --entropies $(ENTROPIES)
	$(BIN)/pytest tests/planted -m slow -n auto --dist worksteal -q

synchronisations: .venv
	$(BIN)/python tests/pretended/synchronisations.py $(ONLY)

lint: typed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lemmata check-formulas

typed: .venv
	$(BIN)/python .ci/typed_view.py build/typed

report: .venv
	$(BIN)/lemmata report --records build/records --out build/report

docs: .venv
	$(BIN)/python -m lemmata.harness.schema_page > docs/records.md
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_findings.py

format: .venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build .venv .venv-oldest

.venv: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("lemmata needs Python 3.11 or newer; name one with make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

.venv-oldest/.ready: pyproject.toml constraints-oldest.txt
	test -x .venv-oldest/bin/python || $(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --constraint constraints-oldest.txt --editable '.[dev]'
	touch $@
