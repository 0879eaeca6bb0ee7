"""Builds each stage of the recipe: its rows, its trainer, its validation.

Comes in: `RecipeSettings` and prepared data. Goes out: a `Stage` for masked text, copying, questions and reward.

A literal example: `question_stage(settings, prepared, record, inputs)`
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from qgkd import __version__
from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.decoding.settings import decoding_of
from qgkd.model_recipe.drawn_questions import QuestionDraws
from qgkd.model_recipe.masked_text import MaskedTextRows, TextValidator
from qgkd.model_recipe.mixture import MixedQuestions
from qgkd.model_recipe.policy_gradient import PolicyGradientTrainer
from qgkd.model_recipe.question_vocabulary import load_vocabulary
from qgkd.model_recipe.settings import RecipeSettings
from qgkd.model_recipe.stage import Stage
from qgkd.model_recipe.stores import load_parts
from qgkd.model_recipe.text_tokens import TextTokens
from qgkd.reading.readers import read_examples
from qgkd.training.config import RowsConfig, TrainConfig
from qgkd.training.data import PreparedData
from qgkd.training.dataset import RowDataset
from qgkd.training.run import vocabulary_of
from qgkd.training.validation import Validator

_HUMAN_WRITTEN = ("broad", "final", "closest")
"""Kinds of questions that are repeated often enough to be memorised."""
_DRAWING_COST = 1.5
"""Time of a drawn question, which is decoded and then trained on, as a multiple of other stages' questions."""


def text_stage(settings: RecipeSettings, prepared: Path, record: dict[str, Any], inputs: Any) -> Stage:
    """Build the stage of masked-LM pretraining."""
    text = settings.text

    def rows(name: str, checkpoint: Checkpoint, total_items: int, seed: int) -> MaskedTextRows:
        tokenizer: Any = checkpoint.tokenizer
        return MaskedTextRows(
            TextTokens.load(prepared, name),
            total_items,
            window_tokens=text.window_tokens,
            mask_share=text.mask_share,
            max_position=settings.model.max_total_tokens,
            vocabulary=vocabulary_of(checkpoint),
            ends=(tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.unk_token_id),
            seed=seed,
        )

    def validator(checkpoint: Checkpoint, config: TrainConfig) -> TextValidator:
        held_out = rows("held_out_text", checkpoint, text.validation_rows, 0)
        pad_id: Any = checkpoint.tokenizer.pad_token_id
        return TextValidator(held_out, int(pad_id), int(config.train["per_device_eval_batch_size"]))

    return _stage(
        "text",
        settings,
        prepared,
        record,
        inputs,
        sections={"evaluation": {"metric": "loss"}},
        dataset=lambda checkpoint, total, step: rows("text", checkpoint, total, settings.seed),
        validator=validator,
    )


def copying_stage(settings: RecipeSettings, prepared: Path, record: dict[str, Any], inputs: Any) -> Stage:
    """Build the stage of copying marked spans."""
    rows = _rows(settings)
    return _stage(
        "copying",
        settings,
        prepared,
        record,
        inputs,
        sections={"rows": rows, "evaluation": {"metric": "loss", "questions": 1_000_000}},
        dataset=partial(_mixture, settings, prepared, ("copying",), ([1.0], [1.0]), RowsConfig(**rows)),
        validator=partial(_validator, prepared, "held_out_copying"),
    )


def question_stage(settings: RecipeSettings, prepared: Path, record: dict[str, Any], inputs: Any) -> Stage:
    """Build the stage of synthetic questions with a growing share of human-written ones."""
    questions = settings.questions

    def shares(synthetic: float, final: float) -> list[float]:
        real = (1 - synthetic) * (1 - questions.closest_share)
        closest = [(1 - synthetic) * questions.closest_share] if questions.closest_share > 0 else []
        return [synthetic, real * (1 - final), real * final, *closest]

    first = shares(questions.synthetic_share_first, questions.final_share_first)
    last = shares(questions.synthetic_share_last, questions.final_share_last)
    kinds = ("synthetic", "broad", "final", "closest")[: len(first)]
    rows = {**_rows(settings), "target_noise": questions.target_noise}
    given = RowsConfig(**rows, renamed_share=questions.renamed_share)
    return _stage(
        "questions",
        settings,
        prepared,
        record,
        inputs,
        sections={
            "rows": {**rows, "label_smoothing": questions.label_smoothing},
            "evaluation": {"metric": _metric(settings), "questions": questions.validation_questions},
        },
        dataset=partial(_mixture, settings, prepared, kinds, (first, last), given),
        validator=partial(_validator, prepared, "validation"),
        frozen_embeddings=questions.frozen_embeddings,
    )


def reward_stage(settings: RecipeSettings, prepared: Path, record: dict[str, Any], inputs: Any) -> Stage:
    """Build the stage of drawn questions, scored against human-written ones."""
    reward = settings.reward
    shares = [1 - reward.final_share, reward.final_share]
    given = RowsConfig(**{**_rows(settings), "answers_per_row": 1}, renamed_share=reward.renamed_share)
    return _stage(
        "reward",
        settings,
        prepared,
        record,
        inputs,
        sections={"evaluation": {"metric": _metric(settings), "questions": reward.validation_questions}},
        dataset=partial(_mixture, settings, prepared, ("broad", "final"), (shares, shares), given),
        validator=partial(_validator, prepared, "validation"),
        decoding=reward.decoding(),
        frozen_embeddings=reward.frozen_embeddings,
        trainer=partial(_policy_gradient, settings),
        cost=_DRAWING_COST * reward.samples,
    )


def _stage(
    name: str,
    settings: RecipeSettings,
    prepared: Path,
    record: dict[str, Any],
    inputs: Any,
    *,
    sections: dict[str, dict[str, Any]],
    **own: Any,
) -> Stage:
    """Build a stage of what all have in common and what is its own; its section of the settings has its name."""
    model = {**vars(settings.model), "vocabulary": str(prepared / "vocabulary"), "script": "traditional"}
    return Stage(
        name=name,
        settings=getattr(settings, name),
        sections={"model": model, **sections},
        train=dict(settings.train),
        lineage=_lineage(settings, record, name, load_vocabulary(prepared)),
        inputs=inputs,
        **own,
    )


def _policy_gradient(settings: RecipeSettings, *, checkpoint: Checkpoint, **options: Any) -> PolicyGradientTrainer:
    reward = settings.reward
    search = replace(decoding_of(checkpoint, {}), sample=True, sampling_temperature=reward.temperature)
    draws = QuestionDraws(
        checkpoint.tokenizer, search, reward.samples, checkpoint.input_format.max_question_tokens, settings.seed
    )
    return PolicyGradientTrainer(draws=draws, temperature=reward.temperature, checkpoint=checkpoint, **options)


def _metric(settings: RecipeSettings) -> str:
    if settings.questions.metric != "auto":
        return settings.questions.metric
    found = all(importlib.util.find_spec(name) for name in ("nltk", "rouge_score"))
    return "avg_score" if found else "loss"


def _mixture(
    settings: RecipeSettings,
    prepared: Path,
    names: tuple[str, ...],
    shares: tuple[list[float], list[float]],
    rows: RowsConfig,
    checkpoint: Checkpoint,
    total_items: int,
    step_items: int,
) -> MixedQuestions:
    vocabulary, seed = vocabulary_of(checkpoint), settings.seed
    kinds = []
    for number, name in enumerate(names):
        own = rows if name in _HUMAN_WRITTEN else replace(rows, renamed_share=0.0)
        store = load_parts(prepared, name)
        kinds.append(RowDataset(store, checkpoint.input_format, own, vocabulary, seed + number))
    return MixedQuestions(kinds, *shares, total_items, step_items, seed)


def _rows(settings: RecipeSettings) -> dict[str, Any]:
    return {name: getattr(settings.questions, name) for name in ("answers_per_row", "positions_per_question")}


def _validator(prepared: Path, name: str, checkpoint: Checkpoint, config: TrainConfig) -> Validator:
    store = load_parts(prepared, name)
    examples = tuple(read_examples(prepared / "validation.jsonl").examples) if name == "validation" else ()
    data = PreparedData(train=store, validation=store, validation_examples=examples)
    batch = int(config.train["per_device_eval_batch_size"])
    return Validator(data, checkpoint, config.evaluation, vocabulary_of(checkpoint), batch)


def _lineage(settings: RecipeSettings, record: dict[str, Any], last_stage: str, vocabulary: str) -> dict[str, Any]:
    """Return the part of the record `qgkd.json` that tells where the weights come from."""
    files = record["questions"]["from"].get("files", {})
    never = set(settings.data.never)
    return {
        "script": "traditional",
        **({"question_vocabulary": vocabulary} if vocabulary else {}),
        "trained_on": {
            "files": {Path(name).name: digest for name, digest in files.items() if name not in never},
            "counts": {part: values["counts"] for part, values in record.items()},
            "held_out": f"questions of {', '.join(Path(n).name for n in settings.data.final_questions)} with "
            f"{settings.data.held_out_field} = false, and passages of "
            f"{', '.join(Path(n).name for n in settings.data.never) or 'no other file'}",
        },
        "base": {"name": Path(settings.model.base or settings.transplant.encoder).name or "from scratch"},
        "recipe": {"last_stage": last_stage, **replace(settings, data=replace(settings.data, folder="")).to_json()},
        "seed": settings.seed,
        "qgkd": __version__,
    }
