# make quiz   sets everything up and prints a quiz for a sample passage
# make app    sets everything up and opens the teacher's page
# make test   sets everything up, checks the code's style and types, runs the tests
# make test-browser  the page in a headless Chromium, which is installed where there is none (Debian, as root)
# make lint   the checks of style and types alone
# make model DATA=folder  trains the package's own model from the data files in the folder; goes on where it was cut off
# make clean  removes the set-up and every cache

VENV := .venv
BIN := $(VENV)/bin
PASSAGE := data/passages/taiwan_railway.txt
# The package takes any torch from 2.6; this is the version the figures were measured with.
TORCH := torch==2.13.0
# The first Python of 3.11 or newer; `make PYTHON=/some/python3.12 test` takes another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

RECIPE = $(BIN)/qgkd model eval/configs/model_cpu.toml data.folder="$(DATA)" copying.max_minutes=0 questions.closest_min=0.3
# Questions of the rule alone among people's, fewer and then more; later runs go on with the same data.
THIRD = $(RECIPE) questions.closest_share=0.9 questions.varied_share=0 questions.synthetic=50000 \
	questions.synthetic_from_text=0.15 questions.synthetic_share_first=0.8 questions.synthetic_share_last=0.5 \
	questions.learning_rate=6e-4 questions.max_steps=3700 questions.evaluations=4
FIFTH = $(RECIPE) questions.closest_share=1 questions.varied_share=0 questions.synthetic=170000 \
	questions.synthetic_from_text=0.5 questions.synthetic_share_first=0.95 questions.synthetic_share_last=0.7 \
	questions.renamed_share=0.5 questions.frozen_embeddings=true questions.label_smoothing=0 \
	questions.learning_rate=5e-4 questions.max_steps=3600 questions.evaluations=1 train.adam_beta2=0.99
# The teacher: eight layers grown on top of the model so far, which learn alone.
SEVENTH = $(FIFTH) questions.synthetic=130000 questions.synthetic_from_text=0.7 questions.answers_per_paragraph=3 \
	questions.frozen_layers=4 questions.learning_rate=7e-4 questions.max_steps=2200
# Of the sixth run the first half is taken: after it the model got worse (eval/LOG.md).
REWARD = questions.max_minutes=0 reward.max_minutes=300 train.adam_beta2=0.99 train.save_total_limit=20

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
	@$(BIN)/qgkd model eval/configs/model_cpu.toml data.folder="$(DATA)" --out runs/model/1
	@$(RECIPE) model.base=runs/model/1/model questions.closest_share=0.6 questions.synthetic_share_last=0.3 \
		questions.max_steps=9000 --out runs/model/2
	@$(THIRD) model.base=runs/model/2/model --out runs/model/3
	@rm -rf runs/model/restored
	@$(BIN)/python eval/restore_rare_embeddings.py runs/model/3/model runs/model/3/prepared --out runs/model/restored
	@$(THIRD) model.base=runs/model/restored $(REWARD) --from-prepared runs/model/3/prepared --out runs/model/4
	@$(BIN)/python eval/average_models.py runs/model/4/4-reward/checkpoint-* --out runs/model/4-mean
	@$(FIFTH) model.base=runs/model/restored --out runs/model/5
	@$(BIN)/python eval/average_models.py runs/model/5/model runs/model/4-mean --out runs/model/mean
	@$(FIFTH) model.base=runs/model/mean $(REWARD) reward.renamed_share=0.3 reward.learning_rate=4e-5 \
		reward.max_steps=480 reward.evaluations=6 --from-prepared runs/model/5/prepared --out runs/model/6
	@$(BIN)/python eval/average_models.py $(foreach step,80 160 240,runs/model/6/4-reward/checkpoint-$(step)) \
		runs/model/mean --out runs/model/averaged
	@rm -rf runs/model/grown
	@$(BIN)/python eval/grow_layers.py runs/model/averaged --layers 12 --out runs/model/grown
	@$(SEVENTH) model.base=runs/model/grown --out runs/model/7
	@$(SEVENTH) model.base=runs/model/7/model $(REWARD) reward.renamed_share=0.3 reward.learning_rate=3e-5 \
		reward.max_steps=100 reward.evaluations=4 --from-prepared runs/model/7/prepared --out runs/model/8
	@$(BIN)/python eval/average_models.py runs/model/8/4-reward/checkpoint-* runs/model/7/model --out runs/model/teacher
	@$(BIN)/python eval/recipe_passages.py eval/configs/model_cpu.toml "$(DATA)" --paragraphs 6000 --questions 9000 \
		--out runs/model/passages.jsonl
	@test -f runs/model/questions.jsonl || $(BIN)/qgkd generate runs/model/passages.jsonl --number 1 \
		--model runs/model/teacher --with-context --output runs/model/questions.jsonl --resume || test $$? = 1
	@$(BIN)/qgkd recipe eval/configs/student_in_package.toml given.teacher=runs/model/teacher recipe.folder=runs/model/student \
		data.train=runs/model/questions.jsonl data.validation=runs/model/7/prepared/validation.jsonl
	@rm -rf runs/model/grown-6
	@$(BIN)/python eval/grow_layers.py runs/model/averaged --layers 6 --out runs/model/grown-6
	@$(BIN)/python eval/average_models.py runs/model/student/4-selftrained/model runs/model/grown-6 --out runs/model/student-mean
	@$(SEVENTH) model.base=runs/model/student-mean $(REWARD) reward.renamed_share=0.3 reward.learning_rate=3e-5 \
		reward.max_steps=150 reward.evaluations=5 --from-prepared runs/model/7/prepared --out runs/model/9
	@$(BIN)/python eval/average_models.py runs/model/9/4-reward/checkpoint-* runs/model/student-mean --out runs/model/final
	@$(BIN)/python eval/package_model.py runs/model/final \
		--decoding '{"no_repeat_ngram_tokens": 3, "no_splices": true, "copied_from_id": 4000}'

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
	@touch $@
