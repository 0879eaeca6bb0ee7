"""The module around a classifier, teachers asked about some rows, several teachers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from qgkd.classification.classifying_model import ClassifyingModel
from qgkd.classification.prediction import Predictor, predictions_of
from qgkd.classification.tasks.rows import ClassificationCollator, ClassificationRows
from qgkd.classification.tasks.store import ExampleStore
from qgkd.classification.tasks.task import ClassificationTask
from qgkd.classification.validation import ClassificationValidator
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.teachers.row_subset import run_on_rows
from qgkd.distillation.teachers.several_teachers import Ensemble, SeveralTeachers, ensemble_logits
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.model_input.batch import Batch
from qgkd.training.dataset import Draw

LENGTHS = (9, 4, 6)
SIZES = {"vocab_size": 30, "num_labels": 3, "initializer_range": 0.3}
WIDTHS = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}


def bert(layers: int = 2, seed: int = 0) -> BertForSequenceClassification:
    torch.manual_seed(seed)
    return BertForSequenceClassification(BertConfig(**SIZES, **WIDTHS, num_hidden_layers=layers)).eval()


def kinds() -> list[PreTrainedModel]:
    torch.manual_seed(0)
    distilbert = DistilBertConfig(**SIZES, dim=16, n_heads=2, n_layers=2, hidden_dim=32)
    roberta = RobertaConfig(**SIZES, **WIDTHS, num_hidden_layers=2, max_position_embeddings=40, type_vocab_size=1)
    return [
        bert(),
        DistilBertForSequenceClassification(distilbert).eval(),
        RobertaForSequenceClassification(roberta).eval(),
    ]


@pytest.fixture(scope="module")
def store() -> ExampleStore:
    """Three examples, the first and the last of two texts."""
    random = np.random.default_rng(0)
    return ExampleStore(
        token_ids=random.integers(5, 30, sum(LENGTHS)).astype(np.int32),
        ends=np.cumsum(LENGTHS),
        second_starts=np.asarray([5, 4, 2], np.int32),
        labels=np.asarray([2.0, 0.0, 1.0]),
        about={},
    )


@pytest.fixture(scope="module")
def batch(store: ExampleStore) -> Batch:
    rows = ClassificationRows([(store, store.labels)])
    return ClassificationCollator(1)([rows[Draw(0, place)] for place in range(3)])  # [PAD] is 1, as RoBERTa's


def test_a_batch_holds_classes_and_first_tokens(batch: Batch) -> None:
    assert batch.targets.tolist() == [2, 0, 1]
    assert batch.inputs.scored_positions.tolist() == [[0, 0], [1, 0], [2, 0]]
    assert batch.inputs.token_type_ids.sum(dim=1).tolist() == [4, 0, 4]


def test_rows_of_several_stores_follow_one_another(store: ExampleStore) -> None:
    rows = ClassificationRows([(store, store.labels), (store, store.labels + 0.5)])
    assert (len(rows), rows.lengths.tolist()) == (6, [*LENGTHS, *LENGTHS])
    collate = ClassificationCollator(0, is_regression=True)
    batch = collate([rows[Draw(0, place, place != 5)] for place in (0, 3, 5)])
    assert batch.targets.tolist() == [2.0, 2.5, 1.5]
    assert batch.row_weights.tolist() == [1, 1, 0]


@pytest.mark.parametrize("model", kinds(), ids=lambda model: model.config.model_type)
def test_logits_are_the_models_own(model: PreTrainedModel, store: ExampleStore, batch: Batch) -> None:
    """Row by row, without padding; hidden states too."""
    needs = Needs(hidden_states=frozenset({0, 2}), attention=frozenset({1}))
    found = ClassifyingModel(model, needs)(batch.inputs)
    for row, length in enumerate(LENGTHS):
        own = {"input_ids": torch.tensor(store.ids(row)[None])}
        if model.config.model_type == "bert":
            own["token_type_ids"] = torch.tensor(store.types(row)[None]).long()
        shown = model(**own, output_hidden_states=True)
        torch.testing.assert_close(found.logits[row], shown.logits[0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found.hidden_state(2)[row, :length], shown.hidden_states[2][0], rtol=1e-4, atol=1e-5)
    assert found.allowed_cells().shape[-1] == max(LENGTHS)


def test_predictions_are_in_the_examples_order(store: ExampleStore) -> None:
    model = bert()
    whole = Predictor(pad_id=0, batch_examples=3).logits(model, store)
    single = Predictor(pad_id=0, batch_examples=1).logits(model, store, np.asarray([2, 0]))
    np.testing.assert_allclose(single, whole[[2, 0]], rtol=1e-4, atol=1e-5)
    assert predictions_of(whole).tolist() == whole.argmax(axis=1).tolist()
    assert predictions_of(np.asarray([[0.5], [2.0]], np.float32)).tolist() == [0.5, 2.0]


def test_every_validation_split_is_measured(store: ExampleStore) -> None:
    """MNLI's two go by one prefix; what two processes measure is put together."""
    model = bert()
    guesses = Predictor(pad_id=0).logits(model, store).argmax(axis=1)
    right = replace(store, labels=guesses.astype(np.float64))
    wrong = replace(store, labels=(guesses + 1.0) % 3)
    task = ClassificationTask(
        name="mnli", labels=("a", "b", "c"), metrics=("accuracy",), main_metric="accuracy", splits=(), pair=True
    )
    splits = {"train": wrong, "validation": right, "validation_mismatched": wrong}
    found = ClassificationValidator(task, splits, Predictor(pad_id=0)).figures(model)
    assert found == {"accuracy": 1.0, "mismatched_accuracy": 0.0}


def test_only_chosen_rows_are_run(batch: Batch) -> None:
    needs = Needs(logits=True, hidden_states=frozenset({1}), attention=frozenset({2}))
    teacher = Teacher(bert(), needs, ClassifyingModel)
    seen: list[int] = []

    def counted(part: Batch):
        seen.append(len(part.row_weights))
        return teacher(part)

    rows = torch.tensor([True, False, True])
    part, whole = run_on_rows(counted, batch, rows), run_on_rows(counted, batch, torch.ones(3, dtype=torch.bool))
    assert seen == [2, 3]
    for one, other in (
        (part.logits, whole.logits),
        (part.hidden_state(1), whole.hidden_state(1)),
        (part.query_states[2], whole.query_states[2]),
    ):
        torch.testing.assert_close(one[rows], other[rows], rtol=1e-4, atol=1e-5)
        assert not one[~rows].any()


@pytest.mark.parametrize("ensemble", Ensemble)
def test_several_teachers(ensemble: Ensemble, batch: Batch) -> None:
    """Merged logits, the last one's states, each one's own logits; inner states are asked of the last alone."""
    models = [bert(1, seed=1), bert(3, seed=2)]
    teachers = SeveralTeachers([Teacher(model, Needs(), ClassifyingModel) for model in models], ensemble)
    teachers.needs = Needs(hidden_states=frozenset({3}))
    shown = teachers(batch)
    alone = [Teacher(model, Needs(), ClassifyingModel)(batch).logits for model in models]
    torch.testing.assert_close(shown.logits, ensemble_logits(alone, ensemble))
    for member, logits in zip(shown.members, alone, strict=True):
        torch.testing.assert_close(member.logits, logits)
    assert shown.hidden_state(3).shape == (3, 9, 16)
    assert shown.members[0].hidden_states is None
    rows = torch.tensor([False, True, False])
    part = run_on_rows(teachers, batch, rows)
    torch.testing.assert_close(part.members[1].logits[1], alone[1][1], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="at least two teachers"):
        SeveralTeachers(list(teachers)[:1])
